#include "time/dst.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "time/cron.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using test::at;
using test::fires;
using test::zone;
using Fires = std::vector<std::string>;

CronTrigger cron(std::string_view text, const Zone& where, DstPolicy policy = dst_cronie) {
  return {parse_cron(text).value(), where, policy};
}

// Spring in Berlin: 2026-03-29, 02:00 becomes 03:00 at 01:00 UTC. Autumn: 2026-10-25, 03:00 becomes 02:00 at 01:00 UTC.
const Zone berlin = zone("Europe/Berlin");

TEST_CASE("dst: a fixed time in a gap or an overlap fires as often as the policy says") {
  const auto spring = [](DstGap gap) {
    return fires(cron("30 2 * * *", berlin, {gap, DstOverlap::first, true}), berlin, "2026-03-28T23:00:00Z",
                 "2026-03-29T22:00:00Z");
  };
  CHECK(spring(DstGap::run_after) == Fires{"2026-03-29 03:00:00 +02:00"});
  CHECK(spring(DstGap::skip) == Fires{});
  CHECK(spring(DstGap::shift) == Fires{"2026-03-29 03:30:00 +02:00"});

  const auto autumn = [](DstOverlap overlap) {
    return fires(cron("30 2 * * *", berlin, {DstGap::run_after, overlap, true}), berlin, "2026-10-24T22:00:00Z",
                 "2026-10-25T23:00:00Z");
  };
  CHECK(autumn(DstOverlap::first) == Fires{"2026-10-25 02:30:00 +02:00"});
  CHECK(autumn(DstOverlap::second) == Fires{"2026-10-25 02:30:00 +01:00"});
  CHECK(autumn(DstOverlap::both) == Fires{"2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00"});
}

TEST_CASE("dst: a job of every minute fires once in every real minute of both nights") {
  const CronTrigger trigger = cron("* * * * *", berlin);
  for (const auto* night : {"2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"}) {
    WallTime instant = at(night);
    for (int minute = 1; minute <= 180; ++minute) {
      const auto next = trigger.next(instant);
      REQUIRE(next);
      REQUIRE(*next == at(night) + std::chrono::minutes(minute));
      instant = *next;
    }
  }
}

TEST_CASE("dst: an interval of hours goes on after the spring gap of Sydney") {
  const Zone sydney = zone("Australia/Sydney");
  const CronTrigger trigger = cron("30 2/4 * * *", sydney);
  // 02:30 does not exist on that day and is replayed at 03:00; 06:30 and the rest are not lost.
  CHECK(fires(trigger, sydney, "2019-10-05T14:00:00Z", "2019-10-06T00:00:00Z") ==
        Fires{"2019-10-06 03:00:00 +11:00", "2019-10-06 06:30:00 +11:00", "2019-10-06 10:30:00 +11:00"});
}

TEST_CASE("dst: a job in UTC fires while the clocks of London fall back") {
  const CronTrigger trigger = cron("30 1 * * *", Zone());
  CHECK(fires(trigger, Zone(), "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z") == Fires{"2026-10-25 01:30:00 +00:00"});
}

TEST_CASE("dst: skipped times and one that is due at the end of the gap are one fire") {
  const CronTrigger trigger = cron("0,15,30,45 2-3 * * *", berlin);
  CHECK(fires(trigger, berlin, "2026-03-29T00:00:00Z", "2026-03-29T01:20:00Z") ==
        Fires{"2026-03-29 03:00:00 +02:00", "2026-03-29 03:15:00 +02:00"});
}

TEST_CASE("dst: a day that a country left out is not replayed") {
  const Zone apia = zone("Pacific/Apia");
  const CronTrigger trigger = cron("0 12 * * *", apia);
  CHECK(fires(trigger, apia, "2011-12-29T00:00:00Z", "2011-12-31T00:00:00Z") ==
        Fires{"2011-12-29 12:00:00 -10:00", "2011-12-31 12:00:00 +14:00"});
}

TEST_CASE("dst: shifted times come in order with those that are due behind the gap") {
  const DstPolicy shift{DstGap::shift, DstOverlap::first, false};
  const CronTrigger trigger = cron("15,45 2,3 * * *", berlin, shift);
  CHECK(fires(trigger, berlin, "2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z") ==
        Fires{"2026-03-29 03:15:00 +02:00", "2026-03-29 03:45:00 +02:00"});
  const CronTrigger interleaved = cron("10,30 2,3 * * *", berlin, shift);
  CHECK(interleaved.next(at("2026-03-29T01:10:00Z")) == at("2026-03-29T01:30:00Z"));
  CHECK(interleaved.previous(at("2026-03-29T01:30:00Z")) == at("2026-03-29T01:10:00Z"));
}

TEST_CASE("dst: the rules hold beyond 2037") {
  CHECK(fires(cron("30 2 * * *", berlin), berlin, "2150-03-28T23:00:00Z", "2150-03-29T22:00:00Z") ==
        Fires{"2150-03-29 03:00:00 +02:00"});
}

}  // namespace
}  // namespace belfry::time
