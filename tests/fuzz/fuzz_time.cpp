// Times: what is accepted can be written down and read back.
#include "fuzz/expect.hpp"
#include "time/instant.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zone = time::Zone::load("Europe/Berlin").value();
  const time::WallTime now{std::chrono::seconds{1'700'000'000}};
  const auto instant = time::parse_time(fuzz::text_of(data, size), zone, now);
  if (!instant) {
    fuzz::expect(!instant.error().message.empty() && instant.error().offset <= size);
    return 0;
  }
  const auto again = time::parse_time(time::format_time(*instant, zone), zone);
  fuzz::expect(again && *again == *instant);
  return 0;
}
