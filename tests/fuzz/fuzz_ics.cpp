// iCalendar files: any bytes give a set of days, which agrees with itself, or an error with its line.
#include "fuzz/expect.hpp"
#include "time/ics.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto calendar = time::parse_ics(fuzz::text_of(data, size));
  if (!calendar) {
    fuzz::expect(calendar.error().line >= 1 && !calendar.error().message.empty());
    return 0;
  }
  const auto& days = calendar->days;
  fuzz::expect(days.last_listed().has_value() == !days.empty());
  if (days.last_listed()) fuzz::expect(days.contains(*days.last_listed()));
  if (const auto free = days.first_outside(time::first_local_day)) fuzz::expect(!days.contains(*free));
  return 0;
}
