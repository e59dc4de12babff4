#include "engine/slot_span.hpp"

#include <catch2/catch.hpp>

#include "time/at.hpp"
#include "time/every.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using engine::due_slots;
using time::WallTime;

namespace {
const WallTime start{std::chrono::seconds{1'800'000'000}};
}

TEST_CASE("a single due slot has nothing before it", "[slot_span]") {
  const time::EveryTrigger every(10s);
  const auto due = due_slots(every, start, start + 9s);
  CHECK(due.newest == start);
  CHECK_FALSE(due.older);
}

TEST_CASE("slots that piled up are counted, the newest apart", "[slot_span]") {
  const time::EveryTrigger every(10s);
  const auto due = due_slots(every, start, start + 30s);
  CHECK(due.newest == start + 30s);
  REQUIRE(due.older);
  CHECK(due.older->first == start);
  CHECK(due.older->last == start + 20s);
  CHECK(due.older->count == 3);
}

TEST_CASE("a fortnight of 5 s slots is one span", "[slot_span]") {
  const time::EveryTrigger every(5s);
  const auto due = due_slots(every, start, start + 14 * 24h);
  REQUIRE(due.older);
  CHECK(due.older->count == 14 * 24 * 720);
  CHECK(due.newest == start + 14 * 24h);
}

TEST_CASE("a trigger that ends is walked to its end", "[slot_span]") {
  const time::AtTrigger at(start);
  const auto due = due_slots(at, start, start + 24h);
  CHECK(due.newest == start);
  CHECK_FALSE(due.older);
}
