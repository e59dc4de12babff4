// The text of a schedule: an error inside the text, or a trigger whose fires go forward and back the same way.
#include "fuzz/expect.hpp"
#include "time/schedule.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zone = time::Zone::load("Europe/Berlin").value();
  const auto text = fuzz::text_of(data, size);
  const auto trigger = time::parse_schedule(text, {.zone = zone, .hash_key = "job"});
  if (!trigger) {
    fuzz::expect(!trigger.error().message.empty() && trigger.error().offset <= size);
    return 0;
  }
  static_cast<void>((*trigger)->describe());
  time::WallTime last{std::chrono::seconds{1'700'000'000}};
  for (int i = 0; i < 4; ++i) {
    const auto next = (*trigger)->next(last);
    if (!next) break;
    fuzz::expect(*next > last);
    const auto back = (*trigger)->previous(*next + time::Duration{1});
    fuzz::expect(back && *back == *next);
    last = *next;
  }
  return 0;
}
