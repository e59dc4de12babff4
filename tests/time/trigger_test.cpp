#include "time/trigger.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

#include "time/after.hpp"
#include "time/at.hpp"
#include "time/calendar.hpp"
#include "time/every.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::at;
using test::zone;

TEST_CASE("every: fires lie on multiples of the interval from the anchor") {
  const EveryTrigger trigger(minutes{15});
  CHECK(trigger.next(at("2026-11-20T19:08:59Z")) == at("2026-11-20T19:15:00Z"));
  CHECK(trigger.next(at("2026-11-20T19:15:00Z")) == at("2026-11-20T19:30:00Z"));
  CHECK(trigger.previous(at("2026-11-20T19:15:00Z")) == at("2026-11-20T19:00:00Z"));
  CHECK(trigger.previous(at("2026-11-20T19:15:01Z")) == at("2026-11-20T19:15:00Z"));

  const EveryTrigger anchored(hours{1}, at("2026-11-20T00:20:00Z"));
  CHECK(anchored.next(at("2026-11-20T05:00:00Z")) == at("2026-11-20T05:20:00Z"));
  CHECK(anchored.next(at("2026-11-19T05:00:00Z")) == at("2026-11-19T05:20:00Z"));
}

TEST_CASE("every: intervals below a second and before 1970") {
  const EveryTrigger trigger(milliseconds{250});
  const WallTime whole = at("2026-11-20T19:08:59Z");
  CHECK(trigger.next(whole) == whole + milliseconds{250});
  CHECK(trigger.next(whole + milliseconds{999}) == whole + seconds{1});
  CHECK(trigger.next(WallTime(milliseconds{-100})) == WallTime{});
  CHECK(trigger.previous(WallTime{}) == WallTime(milliseconds{-250}));
}

TEST_CASE("every: the ends of time") {
  const EveryTrigger trigger(hours{24} * 365 * 200, WallTime::min());
  CHECK_FALSE(trigger.next(WallTime::max()).has_value());
  CHECK_FALSE(trigger.previous(WallTime::min()).has_value());
  CHECK(EveryTrigger(Duration::max()).next(WallTime::min()).has_value());
}

TEST_CASE("at: due once") {
  const AtTrigger trigger(at("2026-12-31T23:59:00Z"), zone("Europe/Berlin"));
  CHECK(trigger.next(at("2026-12-31T23:58:59Z")) == at("2026-12-31T23:59:00Z"));
  CHECK_FALSE(trigger.next(at("2026-12-31T23:59:00Z")).has_value());
  CHECK_FALSE(trigger.previous(at("2026-12-31T23:59:00Z")).has_value());
  CHECK(trigger.previous(at("2027-01-01T00:00:00Z")) == at("2026-12-31T23:59:00Z"));
  CHECK(trigger.describe() == "once at 2027-01-01 00:59:00 +01:00 (Europe/Berlin)");
}

TEST_CASE("after: due once, a delay behind its anchor") {
  const AfterTrigger trigger(minutes{10}, at("2026-11-20T19:00:00Z"));
  CHECK(trigger.next(at("2026-11-20T19:00:00Z")) == at("2026-11-20T19:10:00Z"));
  CHECK_FALSE(trigger.next(at("2026-11-20T19:10:00Z")).has_value());
  CHECK(trigger.describe() == "once, 10 minutes after 2026-11-20T19:00:00Z");
  CHECK(AfterTrigger(Duration::max(), at("2026-11-20T19:00:00Z")).instant() == WallTime::max());
  CHECK(AfterTrigger(seconds{5}, at("1960-01-01T00:00:00Z")).instant() == at("1960-01-01T00:00:05Z"));
}

TEST_CASE("trigger: intervals are described in plain English") {
  CHECK(EveryTrigger(seconds{10}).describe() == "every 10 seconds");
  CHECK(EveryTrigger(seconds{1}).describe() == "every second");
  CHECK(EveryTrigger(minutes{1}).describe() == "every minute");
  CHECK(EveryTrigger(minutes{90}).describe() == "every 1 hour 30 minutes");
}

TEST_CASE("trigger: the fires of a span, without its begin and with its end") {
  const EveryTrigger trigger(minutes{15});
  const std::vector<WallTime> all = fires_between(trigger, at("2026-11-20T19:00:00Z"), at("2026-11-20T20:00:00Z"), 10);
  REQUIRE(all.size() == 4);
  CHECK(all.front() == at("2026-11-20T19:15:00Z"));
  CHECK(all.back() == at("2026-11-20T20:00:00Z"));
  CHECK(fires_between(trigger, at("2026-11-20T19:00:00Z"), WallTime::max(), 3).size() == 3);
}

TEST_CASE("trigger: the canonical text of each kind is a schedule that makes the same trigger") {
  const auto normal = [](std::string_view text) {
    const auto trigger = parse_schedule(text, {.zone = zone("Europe/Berlin")}).value();
    const std::string once = trigger->normalise();
    CHECK(parse_schedule(once, {.zone = zone("Europe/Berlin")}).value()->normalise() == once);
    return once;
  };
  CHECK(normal("@every 90m") == "@every 1h30m");
  CHECK(normal("@every 15m from 2026-01-01 00:05") == "@every 15m from 1970-01-01T00:05:00Z");
  CHECK(normal("@EVERY 15m FROM 2026-01-01 00:15") == "@every 15m");
  CHECK(normal("@at 2026-01-01 00:05") == "@at 2025-12-31T23:05:00Z");
  CHECK(normal("@Daily") == "0 0 * * *");
  CHECK(normal("Mon *-*-* 9:00:0.5 UTC") == "Mon *-*-* 09:00:00.500000 UTC");
}

TEST_CASE("trigger: between() walks a span, and a trigger that never fires says so") {
  const auto trigger = parse_schedule("0 0 29 2 *").value();
  std::vector<std::string> fires;
  for (const WallTime fire : trigger->between(at("2024-02-29T00:00:00Z"), at("2032-02-29T00:00:00Z"))) {
    fires.push_back(format_utc(fire));
  }
  CHECK(fires == std::vector<std::string>{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"});
  CHECK_FALSE(trigger->never_fires());
  CHECK(CalendarTrigger(parse_calendar("*-02-30").value(), Zone()).never_fires());
  CHECK_FALSE(AtTrigger(at("1999-01-01T00:00:00Z")).never_fires());  // it has, once
}

TEST_CASE("calendar: fires between two seconds, forwards and backwards") {
  const CalendarTrigger trigger(parse_calendar("*:*:57/2.5").value(), Zone());  // 57 and 59.5
  WallTime instant = at("2026-01-01T00:00:00Z");
  std::vector<WallTime> fires;
  for (int i = 0; i < 4; ++i) fires.push_back(instant = trigger.next(instant).value());
  CHECK(fires == std::vector<WallTime>{at("2026-01-01T00:00:57Z"), at("2026-01-01T00:00:59.5Z"),
                                       at("2026-01-01T00:01:57Z"), at("2026-01-01T00:01:59.5Z")});
  for (std::size_t i = 3; i > 0; --i) CHECK(trigger.previous(fires[i]) == fires[i - 1]);
  const CalendarTrigger often(parse_calendar("*:*:0/0.4").value(), Zone());
  CHECK(often.next(at("2026-01-01T00:00:00.4Z")) == at("2026-01-01T00:00:00.8Z"));
  CHECK(often.next(at("2026-01-01T00:00:00.8Z")) == at("2026-01-01T00:00:01.2Z"));
  CHECK(often.previous(at("2026-01-01T00:00:01.2Z")) == at("2026-01-01T00:00:00.8Z"));
  CHECK(often.describe() == "every second (at the seconds 00/0.400000 of the minute), UTC");
}

TEST_CASE("schedule: cron, nicknames and @every; errors keep their place") {
  CHECK(parse_schedule("@every 1h30m").value()->describe() == "every 1 hour 30 minutes");
  CHECK(parse_schedule("@daily", {.zone = zone("Europe/Berlin")}).value()->describe() == "at 00:00, Europe/Berlin");
  CHECK(parse_schedule("@every 10x").error().offset == 9);
  CHECK(parse_schedule("@every 0s").error().message == "a duration of zero is not accepted here");
  CHECK(parse_schedule("@every").error().offset == 6);
  CHECK(parse_schedule("0 60 * * *").error().offset == 2);
}

}  // namespace
}  // namespace belfry::time
