#include "time/calendar.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "time/schedule.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using test::at;
using test::fires;
using test::zone;

ParseError calendar_error(std::string_view text) {
  const auto calendar = parse_calendar(text);
  INFO(text);
  REQUIRE_FALSE(calendar.has_value());
  return calendar.error();
}

std::string described(std::string_view text) { return parse_schedule(text).value()->describe(); }

TEST_CASE("calendar: a schedule may be written as systemd does, and is told apart from cron") {
  CHECK(described("Mon..Fri *-*-* 09:00") == "at 09:00 on Monday through Friday, UTC");
  CHECK(described("hourly") == "every hour, UTC");
  CHECK(described("*:0/15") == "every 15 minutes, UTC");
  CHECK(described("*-*~1 23:00 Europe/Berlin") == "at 23:00 on the last day of the month, Europe/Berlin");
  CHECK(described("Fri *-*-13") == "at 00:00 on day 13 of the month if it is also Friday, UTC");
  CHECK_FALSE(looks_like_calendar("0 0 * * MON-FRI"));
  CHECK_FALSE(looks_like_calendar("*/5 * * * *"));
  CHECK_FALSE(looks_like_calendar("* * *"));
  CHECK(looks_like_calendar("Mon,Fri"));
}

TEST_CASE("calendar: an hourly schedule follows real time unless the rule of systemd is asked for") {
  const Calendar hourly = parse_calendar("hourly").value();
  const Zone berlin = zone("Europe/Berlin");
  const auto count = [&](DstPolicy policy) {
    return fires(CronTrigger(hourly.pattern, berlin, policy), berlin, "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z")
        .size();
  };
  CHECK(count(dst_cronie) == 3);
  CHECK(count(dst_systemd) == 2);
}

TEST_CASE("calendar: errors name the part and point into the text") {
  CHECK(calendar_error("*-13-01").message == "the month is from 1 to 12");
  CHECK(calendar_error("*-13-01").offset == 2);
  CHECK(calendar_error("Mon 12:60").message == "the minute is from 0 to 59");
  CHECK(calendar_error("Mon 12:60").offset == 7);
  CHECK(calendar_error("dialy").hint == "did you mean \"daily\"?");
  CHECK(calendar_error("Fri..Mon").message == "the range of weekdays ends before it begins");
  CHECK(calendar_error("daily Europe/Berln").offset == 6);
  CHECK(calendar_error("daily Europe/Berln").hint == "did you mean \"Europe/Berlin\"?");
  CHECK(parse_schedule("*-02-30").error().message == "this combination of days, months and years never comes");
}

TEST_CASE("calendar: any bytes are either an expression or an error inside of the text") {
  std::mt19937_64 random(17);
  const std::string alphabet = "0123456789*-:~/.,@ MonFridaily\xC3\xA4\xff";
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto calendar = parse_calendar(text);
    if (calendar) {
      calendar->pattern.first_from(LocalTime{});
    } else if (calendar.error().offset > text.size() ||
               calendar.error().length > text.size() - calendar.error().offset) {
      FAIL_CHECK("outside of " << text);
    }
  }
}

}  // namespace
}  // namespace belfry::time
