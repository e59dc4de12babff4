#include "engine/catchup.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "engine/noon.hpp"

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::test::noon;

namespace {

const Monotonic start{1h};

/// So fast that the pace does not matter.
Catchup unhurried() { return Catchup({.starts_per_minute = 100'000}); }

MissedSlot slot(std::string job, WallTime at, int priority = 0) {
  return {.job = std::move(job), .slot = at, .priority = priority};
}

}  // namespace

TEST_CASE("an empty plan gives nothing and waits for nothing", "[catchup]") {
  Catchup catchup = unhurried();
  CHECK_FALSE(catchup.take(start));
  CHECK_FALSE(catchup.next_at(start));
  CHECK(catchup.plan(10).empty());
  CHECK(catchup.remove("nobody").empty());
}

TEST_CASE("slots come out by priority, then the oldest first, then by name", "[catchup]") {
  Catchup catchup = unhurried();
  catchup.add("b", noon, 0);
  catchup.add("a", noon, 0);
  catchup.add("a", noon - 1h, 0);
  catchup.add("urgent", noon + 1h, 5);
  catchup.add("b", noon - 30min, 0);
  const std::vector<MissedSlot> expected{slot("urgent", noon + 1h, 5), slot("a", noon - 1h), slot("b", noon - 30min),
                                         slot("a", noon), slot("b", noon)};
  CHECK(catchup.plan(100) == expected);
  CHECK(catchup.plan(2) == std::vector<MissedSlot>(expected.begin(), expected.begin() + 2));
  CHECK(catchup.size() == 5);
  for (const MissedSlot& each : expected) CHECK(catchup.take(start) == each);
  CHECK(catchup.size() == 0);
}

TEST_CASE("the budget paces the starts", "[catchup]") {
  Catchup catchup({.starts_per_minute = 30});
  for (int i = 0; i < 3; ++i) catchup.add("a", noon + i * 1s, 0);
  CHECK(catchup.next_at(start) == start);
  CHECK(catchup.take(start));
  CHECK_FALSE(catchup.take(start + 2s - 1ns));
  CHECK(catchup.next_at(start) == start + 2s);
  CHECK(catchup.take(start + 2s));
  catchup.set_policy({.starts_per_minute = 60}, start + 2s);
  CHECK(catchup.next_at(start + 2s) == start + 3s);
}

TEST_CASE("a large budget gives a second's worth at once", "[catchup]") {
  Catchup catchup({.starts_per_minute = 600});
  for (int i = 0; i < 100; ++i) catchup.add("a", noon + i * 1s, 0);
  int at_once = 0;
  while (catchup.take(start)) ++at_once;
  CHECK(at_once == 10);
}

TEST_CASE("a slot waits once, and a job has the priority it was given last", "[catchup]") {
  Catchup catchup = unhurried();
  CHECK(catchup.add("a", noon, 0));
  CHECK_FALSE(catchup.add("a", noon, 0));
  CHECK(catchup.add("b", noon - 1h, 0));
  CHECK(catchup.add("a", noon + 1h, 3));
  CHECK(catchup.size() == 3);
  CHECK(catchup.size("a") == 2);
  CHECK(catchup.plan(3) == std::vector<MissedSlot>{slot("a", noon, 3), slot("a", noon + 1h, 3), slot("b", noon - 1h)});
}

TEST_CASE("a job's slots can be taken out of the plan", "[catchup]") {
  Catchup catchup = unhurried();
  catchup.add("a", noon + 1h, 0);
  catchup.add("a", noon, 0);
  catchup.add("b", noon, 0);
  CHECK(catchup.remove("a") == std::vector<WallTime>{noon, noon + 1h});
  CHECK(catchup.size() == 1);
  CHECK(catchup.take(start) == slot("b", noon));
}

TEST_CASE("the plan is the order in which the slots come out", "[catchup]") {
  const unsigned seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  Catchup catchup = unhurried();
  for (int i = 0; i < 500; ++i) {
    const int job = static_cast<int>(random() % 20);
    catchup.add("job" + std::to_string(job), noon + std::chrono::seconds(random() % 1000), job % 3);
  }
  const std::vector<MissedSlot> plan = catchup.plan(1000);
  REQUIRE(plan.size() == catchup.size());
  Monotonic now = start;
  for (const MissedSlot& each : plan) {
    now = catchup.next_at(now).value();
    REQUIRE(catchup.take(now) == each);
  }
}

TEST_CASE("a million slots are planned and taken", "[catchup]") {
  Catchup catchup = unhurried();
  for (int job = 0; job < 1000; ++job) {
    const std::string name = "job" + std::to_string(job);
    for (int i = 0; i < 1000; ++i) catchup.add(name, noon + (i * 1000 + job) * 1s, 0);
  }
  CHECK(catchup.plan(3).size() == 3);
  Monotonic now = start;
  for (int i = 0; i < 10'000; ++i) {
    now = catchup.next_at(now).value();
    REQUIRE(catchup.take(now)->slot == noon + i * 1s);
  }
  CHECK(catchup.size() == 990'000);
  CHECK(catchup.remove("job999").size() == 990);
}
