#include "engine/slot_span.hpp"

#include <catch2/catch.hpp>

#include "time/at.hpp"
#include "time/every.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using engine::DueSlots;
using time::WallTime;

namespace {

const WallTime friday{std::chrono::seconds{1'800'000'000}};  // a Friday, 08:00 UTC

DueSlots due_slots(const time::Trigger& trigger, WallTime now, std::size_t keep = 1) {
  return engine::due_slots(trigger, {}, friday, now, keep);
}

time::DaysOff weekends() {
  auto days = std::make_shared<time::DaySet>();
  REQUIRE(days->add("sat-sun").has_value());
  return {.days = days, .zone = {}};
}

}  // namespace

TEST_CASE("a single due slot has nothing before it", "[slot_span]") {
  const auto due = due_slots(time::EveryTrigger(10s), friday + 9s);
  CHECK(due.newest == std::vector{friday});
  CHECK(due.last == friday);
  CHECK(due.older.empty());
}

TEST_CASE("slots that piled up are counted, the newest apart", "[slot_span]") {
  const auto due = due_slots(time::EveryTrigger(10s), friday + 30s);
  CHECK(due.newest == std::vector{friday + 30s});
  REQUIRE(due.older.size() == 1);
  CHECK(due.older[0].first == friday);
  CHECK(due.older[0].last == friday + 20s);
  CHECK(due.older[0].count == 3);
}

TEST_CASE("as many of the newest are kept as are asked for, in order", "[slot_span]") {
  const auto none = due_slots(time::EveryTrigger(10s), friday + 30s, 0);
  CHECK(none.newest.empty());
  REQUIRE(none.older.size() == 1);
  CHECK(none.older[0].count == 4);
  const auto three = due_slots(time::EveryTrigger(10s), friday + 60s, 3);
  CHECK(three.newest == std::vector{friday + 40s, friday + 50s, friday + 60s});
  REQUIRE(three.older.size() == 1);
  CHECK(three.older[0].last == friday + 30s);
  const auto more = due_slots(time::EveryTrigger(10s), friday + 10s, 3);
  CHECK(more.newest == std::vector{friday, friday + 10s});
  CHECK(more.older.empty());
}

TEST_CASE("a fortnight of 5 s slots is one span", "[slot_span]") {
  const auto due = due_slots(time::EveryTrigger(5s), friday + 14 * 24h);
  REQUIRE(due.older.size() == 1);
  CHECK(due.older[0].count == 14 * 24 * 720);
  CHECK(due.newest == std::vector{friday + 14 * 24h});
}

TEST_CASE("a trigger that ends is walked to its end", "[slot_span]") {
  const auto due = due_slots(time::AtTrigger(friday), friday + 24h);
  CHECK(due.newest == std::vector{friday});
  CHECK(due.older.empty());
}

TEST_CASE("days off split the spans, and the newest working slot is kept though a day off follows", "[slot_span]") {
  const time::EveryTrigger daily(24h, friday);
  const auto due =
      engine::due_slots(daily, weekends(), friday, friday + 9 * 24h, 1);  // Friday to the Sunday after next
  CHECK(due.last == friday + 9 * 24h);
  CHECK(due.newest == std::vector{friday + 7 * 24h});
  REQUIRE(due.days_off.size() == 2);
  CHECK(due.days_off[0].first == friday + 24h);
  CHECK(due.days_off[0].count == 2);
  CHECK(due.days_off[1].first == friday + 8 * 24h);
  REQUIRE(due.older.size() == 2);
  CHECK(due.older[0].count == 1);
  CHECK(due.older[1].first == friday + 3 * 24h);
  CHECK(due.older[1].count == 4);
}

TEST_CASE("slots that are on record already are left out, and split the spans", "[slot_span]") {
  const std::vector accounted{friday + 20s};
  const auto due = engine::due_slots(time::EveryTrigger(10s), {}, friday, friday + 50s, 1, accounted);
  CHECK(due.newest == std::vector{friday + 50s});
  REQUIRE(due.older.size() == 2);
  CHECK(due.older[0].count == 2);
  CHECK(due.older[0].last == friday + 10s);
  CHECK(due.older[1].count == 2);
  CHECK(due.older[1].first == friday + 30s);
}
