// Calendar expressions: an error inside the text, or fires that go forward and back the same way, also between two
// seconds, and a normalised form that is its own.
#include "fuzz/expect.hpp"
#include "time/calendar.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto zone = time::Zone::load("America/New_York").value();
  const auto calendar = time::parse_calendar(fuzz::text_of(data, size));
  if (!calendar) {
    const auto& error = calendar.error();
    fuzz::expect(!error.message.empty() && error.offset <= size && error.length <= size - error.offset);
    return 0;
  }
  const auto again = time::parse_calendar(calendar->normalise());
  fuzz::expect(again && again->normalise() == calendar->normalise());
  fuzz::expect(again->pattern.has_same_fires(calendar->pattern));
  const time::CalendarTrigger trigger(*calendar, zone);
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
  return 0;
}
