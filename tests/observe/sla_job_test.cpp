// What is hard to bring about with a real engine; the rest is in sla_watch_test.cpp.

#include "observe/sla_job.hpp"

#include <catch2/catch.hpp>

namespace belfry::observe {
namespace {

using namespace std::chrono_literals;
using engine::SlaBreached;
using engine::SlaMet;
using engine::WallTime;

SlaTime clocks_at(ledger::Duration since) {
  return {.wall = WallTime(1'000'000s + since), .monotonic = engine::Monotonic(500s + since)};
}

ledger::RunStarted start(ledger::RunId run, WallTime scheduled_at, WallTime started_at,
                         ledger::RunTrigger trigger = ledger::RunTrigger::schedule) {
  return {.run = run, .job = "backup", .trigger = trigger, .scheduled_at = scheduled_at, .started_at = started_at};
}

TEST_CASE("a slot in time does not end a breach while an older one still waits") {
  SlaJob job("backup", clocks_at(0s).wall);
  SlaJob::Events told;
  job.set_policy({.late_after = 5min}, clocks_at(0s), told);
  job.slot_waits(clocks_at(0s).wall);
  job.look(clocks_at(5min), told);
  REQUIRE(told.size() == 1);
  job.run_started(start(2, clocks_at(6min).wall, clocks_at(6min).wall), clocks_at(6min), told);
  CHECK(told.size() == 1);
  job.slots_closed(clocks_at(0s).wall, clocks_at(0s).wall);
  job.run_started(start(3, clocks_at(7min).wall, clocks_at(7min).wall), clocks_at(7min), told);
  REQUIRE(told.size() == 2);
  CHECK(std::get<SlaMet>(told[1]).since == clocks_at(5min).wall);
}

TEST_CASE("the repetition of a lost run and a run by hand say nothing about lateness; a slot made up for does") {
  SlaJob job("backup", clocks_at(0s).wall);
  SlaJob::Events told;
  job.set_policy({.late_after = 5min}, clocks_at(0s), told);
  job.run_started(start(1, clocks_at(0s).wall, clocks_at(1h).wall, ledger::RunTrigger::recovery), clocks_at(1h), told);
  CHECK(told.empty());
  job.run_started(start(2, clocks_at(0s).wall, clocks_at(1h).wall, ledger::RunTrigger::catchup), clocks_at(1h), told);
  REQUIRE(told.size() == 1);
  CHECK(std::get<SlaBreached>(told[0]).value == 1h);
}

TEST_CASE("starts before a restart count with those after it, each once") {
  SlaJob job("backup", clocks_at(0s).wall);
  SlaJob::Events told;
  job.set_policy({.too_often = engine::StartLimit{.count = 3, .within = 1h}}, clocks_at(0s), told);
  job.run_started(start(9, clocks_at(0s).wall, clocks_at(0s).wall), clocks_at(0s), told);
  const std::vector<ledger::RunSpan> before{
      {.run = 9, .started_at = clocks_at(0s).wall, .ended_at = clocks_at(1s).wall},
      {.run = 8, .started_at = clocks_at(-20min).wall, .ended_at = clocks_at(-20min).wall},
      {.run = 7, .started_at = clocks_at(-30min).wall, .ended_at = clocks_at(-30min).wall},
      {.run = 6, .started_at = clocks_at(-2h).wall, .ended_at = clocks_at(-2h).wall}};
  job.know_history(before, clocks_at(1min));
  job.look(clocks_at(1min), told);
  CHECK(told.empty());
  job.run_started(start(10, clocks_at(20min).wall, clocks_at(20min).wall), clocks_at(20min), told);
  REQUIRE(told.size() == 1);
  CHECK(std::get<SlaBreached>(told[0]).value == 50min);
  CHECK(job.next_monotonic() == clocks_at(30min).monotonic);
}

TEST_CASE("nothing is said about successes before the last one is known") {
  SlaJob job("backup", clocks_at(0s).wall);
  SlaJob::Events told;
  job.set_policy({.max_time_since_success = 1h}, clocks_at(0s), told);
  CHECK_FALSE(job.next_wall());
  job.look(clocks_at(2h), told);
  CHECK(told.empty());
  job.know_last_success(clocks_at(90min).wall);
  job.look(clocks_at(2h), told);
  CHECK(told.empty());
  CHECK(job.next_wall() == clocks_at(150min).wall);
}

}  // namespace
}  // namespace belfry::observe
