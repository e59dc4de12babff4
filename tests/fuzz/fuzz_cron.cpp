// The text of a schedule in every dialect: an error inside the text, or a trigger whose fires go forward and back the
// same way and whose canonical text says the same.
#include "fuzz/expect.hpp"
#include "time/schedule.hpp"

using namespace belfry;

namespace {

void check(const time::Trigger& trigger) {
  static_cast<void>(trigger.describe());
  time::WallTime last{std::chrono::seconds{1'700'000'000}};
  for (int i = 0; i < 4; ++i) {
    const auto next = trigger.next(last);
    if (!next) break;
    fuzz::expect(*next > last);
    const auto back = trigger.previous(*next + time::Duration{1});
    fuzz::expect(back && *back == *next);
    last = *next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zone = time::Zone::load("Europe/Berlin").value();
  const auto text = fuzz::text_of(data, size);
  for (const std::string_view name : time::cron_dialect_names()) {
    const auto dialect = time::cron_dialect_from(name).value();
    static_cast<void>(time::other_reading(text, dialect));
    const auto trigger = time::parse_schedule(text, {.zone = zone, .dialect = dialect, .hash_key = "job"});
    if (!trigger) {
      const auto& error = trigger.error();
      fuzz::expect(!error.message.empty() && error.offset <= size && error.length <= size - error.offset);
      continue;
    }
    check(**trigger);
    const auto cron = time::parse_cron(text, dialect, "job");
    if (!cron) continue;
    const auto again = time::parse_cron(cron->normalise());
    fuzz::expect(again && *again == *cron && again->normalise() == cron->normalise());
  }
  return 0;
}
