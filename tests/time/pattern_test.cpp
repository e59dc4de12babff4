// What lies between a text and a trigger: sets of days, calendar steps, moved days, every nth.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <set>
#include <vector>

#include "time/calendar_step.hpp"
#include "time/day_set.hpp"
#include "time/local_trigger.hpp"
#include "time/moved_days.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

LocalDay day(std::string_view text) { return parse_date(text).value(); }

LocalTime local(std::string_view text) {
  return LocalTime(std::chrono::floor<seconds>(test::at(std::string(text) + "Z")).time_since_epoch());
}

std::string shown(LocalTime when) { return format_utc(std::chrono::sys_seconds(when.time_since_epoch())); }

DaySet days_of(std::initializer_list<std::string_view> texts) {
  DaySet set;
  for (const auto text : texts) REQUIRE(set.add(text));
  return set;
}

/// The first matches from a time on.
std::vector<std::string> matches(const LocalPattern& pattern, std::string_view from, int count) {
  std::vector<std::string> found;
  for (auto match = pattern.first_from(local(from)); match && count > 0; --count) {
    found.push_back(shown(*match));
    match = pattern.first_from(*match + seconds{1});
  }
  return found;
}

/// All matches of a span, once forwards and once backwards, which must agree.
std::vector<LocalTime> all_matches(const LocalPattern& pattern, LocalTime first, LocalTime last) {
  std::vector<LocalTime> forwards;
  for (auto m = pattern.first_from(first); m && *m <= last; m = pattern.first_from(*m + seconds{1})) {
    forwards.push_back(*m);
  }
  std::vector<LocalTime> backwards;
  for (auto m = pattern.last_until(last); m && *m >= first; m = pattern.last_until(*m - seconds{1})) {
    backwards.push_back(*m);
  }
  std::ranges::reverse(backwards);
  CHECK(forwards == backwards);
  return forwards;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("day set: dates, spans, days of every year, weekdays") {
  const DaySet set = days_of({"2026-12-24", "2027-01-04..2027-01-06", "05-01", "12-30..01-02", "sat", "2027-01-07"});
  for (const auto* in :
       {"2026-12-24", "2027-01-05", "2027-01-07", "2031-05-01", "2026-12-31", "2027-01-02", "2026-11-21"}) {
    INFO(in);
    CHECK(set.contains(day(in)));
  }
  for (const auto* out : {"2026-12-23", "2027-01-08", "2027-01-03", "2026-11-20", "2031-05-02"}) {
    INFO(out);
    CHECK_FALSE(set.contains(day(out)));
  }
  CHECK(set.first_outside(day("2027-01-01")) == day("2027-01-03"));
  CHECK(set.first_outside(day("2027-01-04")) == day("2027-01-08"));
  CHECK(set.last_outside(day("2027-01-07")) == day("2027-01-03"));
  CHECK(set.last_listed() == day("2027-01-07"));
  CHECK_FALSE(days_of({"sat", "12-25"}).last_listed().has_value());
}

TEST_CASE("day set: a span over the weekend, and one that is everything") {
  const DaySet weekend = days_of({"fri-mon"});
  CHECK(weekend.contains(day("2026-11-20")));
  CHECK(weekend.contains(day("2026-11-23")));
  CHECK_FALSE(weekend.contains(day("2026-11-24")));
  CHECK_FALSE(days_of({"mon..sun"}).first_outside(day("2026-11-20")).has_value());
  CHECK_FALSE(days_of({"1900-01-01..2199-12-31"}).last_outside(day("2026-11-20")).has_value());
}

TEST_CASE("day set: spans are joined in whatever order they come") {
  std::mt19937 random(20261120);
  for (int round = 0; round < 200; ++round) {
    DaySet set;
    std::set<LocalDay> expected;
    for (int i = 0; i < 12; ++i) {
      const LocalDay first = day("2026-01-01") + days{random() % 60};
      const LocalDay last = first + days{random() % 5};
      set.add_span(first, last);
      for (auto d = first; d <= last; d += days{1}) expected.insert(d);
    }
    for (auto d = day("2025-12-30"); d < day("2026-03-15"); d += days{1}) {
      REQUIRE(set.contains(d) == expected.contains(d));
      const auto free = set.first_outside(d);
      REQUIRE((free && *free >= d && !expected.contains(*free)));
    }
    CHECK(set.last_listed() == *expected.rbegin());
  }
}

TEST_CASE("day set: what is wrong is told with its place") {
  struct Wrong {
    std::string_view text;
    std::size_t offset;
    std::string_view message;
  };
  for (const Wrong& wrong :
       {Wrong{"2026-02-30", 5, "there is no such day in the year"},
        Wrong{"2026-02-29", 0, "that month of that year has no such day"},
        Wrong{"2026-13-01", 5, "there is no such day in the year"},
        Wrong{"26-01-01", 0, "there is no such day in the year"},
        Wrong{"1899-12-31", 0, "the years are those from 1900 to 2199"},
        Wrong{"2026-12-24..2026-12-20", 12, "the span ends before it begins"},
        Wrong{"2026-12-24 ", 10, "nothing more was expected here"},
        Wrong{"02-30", 0, "there is no such day in the year"}, Wrong{"sut", 0, "\"sut\" is no weekday"},
        Wrong{"sat-", 4, "\"\" is no weekday"}, Wrong{"", 0, "a month has 2 digits"}}) {
    INFO(wrong.text);
    DaySet set;
    const auto added = set.add(wrong.text);
    REQUIRE_FALSE(added.has_value());
    CHECK(added.error().message == wrong.message);
    CHECK(added.error().offset == wrong.offset);
    CHECK(set.empty());
  }
}

TEST_CASE("calendar step: the end of the month is clamped, and comes back") {
  const CalendarStep monthly(1, local("2026-01-31T09:00:00"));
  CHECK(matches(monthly, "2026-01-01T00:00:00", 4) ==
        Texts{"2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z", "2026-04-30T09:00:00Z"});
  CHECK(matches(monthly, "2027-02-28T09:00:01", 1) == Texts{"2027-03-31T09:00:00Z"});
  CHECK(matches(monthly, "2025-11-01T00:00:00", 2) == Texts{"2025-11-30T09:00:00Z", "2025-12-31T09:00:00Z"});
  const CalendarStep leap(12, local("2024-02-29T00:00:00"));
  CHECK(matches(leap, "2024-01-01T00:00:00", 5) == Texts{"2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z",
                                                         "2026-02-28T00:00:00Z", "2027-02-28T00:00:00Z",
                                                         "2028-02-29T00:00:00Z"});
  CHECK(monthly.describe() == "every month from 2026-01-31 09:00");
  CHECK(CalendarStep(30, local("2026-01-31T09:00:05")).describe() == "every 30 months from 2026-01-31 09:00:05");
  CHECK(CalendarStep(24, local("2026-01-31T09:00:00")).describe() == "every 2 years from 2026-01-31 09:00");
}

TEST_CASE("calendar step: both directions agree with counting by hand, up to the ends of the calendar") {
  for (const unsigned months : {1U, 5U, 7U, 12U, 18U, 1200U}) {
    const LocalTime anchor = local("1999-10-31T23:59:59");
    std::set<LocalTime> expected;
    const int most = 4000 / static_cast<int>(months);  // years beyond 32767 would wrap around
    for (int k = -most; k <= most; ++k) {
      const auto month = std::chrono::year{1999} / 10 + std::chrono::months{k * static_cast<int>(months)};
      if (month.year() < std::chrono::year{1900} || month.year() > std::chrono::year{2199}) continue;
      expected.insert(LocalDay(month / std::chrono::last) + hours{24} - seconds{1});
    }
    const auto found =
        all_matches(CalendarStep(months, anchor), first_local_day - days{900}, last_local_day + days{900});
    CHECK(found.size() == expected.size());
    for (const LocalTime time : found) {
      const auto last =
          LocalDay(std::chrono::year_month_day(std::chrono::floor<days>(time)).year() /
                   std::chrono::year_month_day(std::chrono::floor<days>(time)).month() / std::chrono::last);
      CHECK(expected.contains(last + hours{24} - seconds{1}));
    }
  }
}

TEST_CASE("calendar step: which texts are steps") {
  const auto months = [](std::string_view text) { return parse_calendar_step(text).value().value_or(0); };
  CHECK(months("1 month") == 1);
  CHECK(months("3months") == 3);
  CHECK(months("2 years 6 months") == 30);
  CHECK(months("1y") == 12);
  CHECK(months("P1Y6M") == 18);
  CHECK(months("100 Years") == 1200);
  for (const auto* text : {"15m", "1h30m", "90", "PT5M", "P2W", "", "month", "1 d", "-1h"}) {
    INFO(text);
    CHECK(months(text) == 0);
  }
  for (const auto* text :
       {"1 month 2 days", "1.5 months", "0 months", "101 years", "1 month x", "P1M2D", "2 days 1 y"}) {
    INFO(text);
    CHECK_FALSE(parse_calendar_step(text).has_value());
  }
}

TEST_CASE("calendar step: the local time is kept over a change of the clock, and the DST policy holds") {
  const auto berlin = test::zone("Europe/Berlin");
  const auto step = std::make_shared<const CalendarStep>(1U, local("2026-01-29T02:30:00"));
  const LocalTrigger trigger(step, berlin, dst_cronie, step->describe(), "@every 1 month");
  CHECK(test::fires(trigger, berlin, "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z") ==
        Texts{"2026-01-29 02:30:00 +01:00", "2026-02-28 02:30:00 +01:00", "2026-03-29 03:00:00 +02:00",
              "2026-04-29 02:30:00 +02:00"});
  CHECK(trigger.describe() == "every month from 2026-01-29 02:30, Europe/Berlin");
  CHECK_FALSE(trigger.never_fires());
}

TEST_CASE("moved days: a slot goes to the next or the last day that is not off, at its own time") {
  const auto off = std::make_shared<const DaySet>(days_of({"sat", "sun", "2026-12-24..2026-12-26"}));
  const auto daily = std::make_shared<const Cron>(parse_cron("30 2 24 * *").value());
  const MovedPattern after(daily, off, MoveTo::after);
  CHECK(matches(after, "2026-10-01T00:00:00", 3) ==
        Texts{"2026-10-26T02:30:00Z", "2026-11-24T02:30:00Z", "2026-12-28T02:30:00Z"});
  const MovedPattern before(daily, off, MoveTo::before);
  CHECK(matches(before, "2026-10-01T00:00:00", 3) ==
        Texts{"2026-10-23T02:30:00Z", "2026-11-24T02:30:00Z", "2026-12-23T02:30:00Z"});
}

TEST_CASE("moved days: agrees with moving every match by hand") {
  const char* const expressions[] = {"0 9 * * *",     "15 */6 * * *", "0 0 * * sat",
                                     "30 2 1,15 * *", "0 12 25 12 *", "* * * * *"};
  const DaySet sets[] = {days_of({"sat", "sun"}), days_of({"12-20..01-10", "wed"}), days_of({"2026-12-24..2026-12-27"}),
                         days_of({"mon-sat", "2026-11-08"}), DaySet{}};
  const LocalTime first = local("2026-11-01T00:00:00");
  for (const char* text : expressions) {
    const bool dense = std::string_view(text) == "* * * * *";
    const LocalTime last = dense ? local("2026-11-09T12:00:00") : local("2027-02-10T00:00:00");
    const auto cron = std::make_shared<const Cron>(parse_cron(text).value());
    for (const DaySet& set : sets) {
      for (const MoveTo to : {MoveTo::before, MoveTo::after}) {
        std::set<LocalTime> expected;
        for (const LocalTime match : all_matches(*cron, first - days{dense ? 7 : 60}, last + days{dense ? 7 : 60})) {
          const auto from = std::chrono::floor<days>(match);
          const auto target = to == MoveTo::after ? set.first_outside(from) : set.last_outside(from);
          const LocalTime moved = *target + (match - from);
          if (moved >= first && moved <= last) expected.insert(moved);
        }
        INFO(text);
        const MovedPattern pattern(cron, std::make_shared<const DaySet>(set), to);
        CHECK(all_matches(pattern, first, last) == std::vector<LocalTime>(expected.begin(), expected.end()));
      }
    }
  }
}

TEST_CASE("moved days: when every day is off, nothing is left") {
  const auto off = std::make_shared<const DaySet>(days_of({"mon-sun"}));
  const MovedPattern pattern(std::make_shared<const Cron>(parse_cron("0 9 * * *").value()), off, MoveTo::after);
  CHECK_FALSE(pattern.first_from(local("2026-01-01T00:00:00")).has_value());
  CHECK_FALSE(pattern.last_until(local("2026-01-01T00:00:00")).has_value());
}

TEST_CASE("nth: counts from the anchor, however it is asked") {
  const char* const expressions[] = {"0 9 * * mon-fri", "*/7 * * * *", "30 2 29 2 *", "15,45 8-17 1,15 * *",
                                     "*/20 59 23 * * *"};
  for (const char* text : expressions) {
    const Cron cron = parse_cron(text).value();
    for (const unsigned n : {1U, 2U, 3U, 10U}) {
      const LocalTime anchor = local("2026-03-04T10:20:30");
      const LocalTime last = anchor + days{text[0] == '3' ? 10'000 : 100};
      const auto all = all_matches(cron, anchor, last);
      std::vector<LocalTime> expected;
      for (std::size_t i = 0; i < all.size(); i += n) expected.push_back(all[i]);
      INFO(text << " every " << n);
      CHECK(all_matches(NthPattern(cron, n, anchor), anchor - days{3}, last) == expected);
    }
  }
}

}  // namespace belfry::time
