// Dates, spans, weekdays: what is added can be asked for, and what is wrong is told within the text.
#include "fuzz/expect.hpp"
#include "time/calendar_step.hpp"
#include "time/day_set.hpp"

using namespace belfry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  time::DaySet set;
  const auto added = set.add(text);
  fuzz::expect(added.has_value() == !set.empty());
  if (!added) fuzz::expect(!added.error().message.empty() && added.error().offset <= size);
  const auto date = time::parse_date(text);
  if (date) fuzz::expect(time::format_date(*date) == text && set.contains(*date));
  const auto step = time::parse_calendar_step(text);
  if (step && *step) fuzz::expect(**step >= 1 && **step <= time::CalendarStep::most_months);
  return 0;
}
