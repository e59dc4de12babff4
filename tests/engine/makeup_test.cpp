// Slots that passed while nobody could act on them, and what is made up for.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::OnMissed;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

/// A past in which each job was last seen `ago` before now, declared as it is.
std::shared_ptr<ledger::Resume> last_seen(const std::vector<std::string>& jobs, Duration ago) {
  auto past = std::make_shared<ledger::Resume>();
  for (const std::string& name : jobs) {
    ledger::JobTotals totals;
    totals.job = name;
    totals.last_slot = now() - ago;
    past->jobs.push_back(totals);
    past->declared.push_back({.job = name, .fingerprint = name, .at = now() - ago});
  }
  return past;
}

Job missing(std::string name, OnMissed on_missed, Duration interval = 1h) {
  Job made = job(std::move(name), every(interval), takes(1min));
  made.on_missed = on_missed;
  return made;
}

std::vector<WallTime> instants(const std::vector<ledger::RunStarted>& runs) {
  std::vector<WallTime> all;
  for (const auto& run : runs) all.push_back(run.scheduled_at.value_or(WallTime{}));
  return all;
}

}  // namespace

TEST_CASE("run_all runs each of the missed slots, the oldest first, one after the other", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const WallTime start = now();
    bed.engine.resume(TestBed::past(last_seen({"all"}, 4h)));
    co_await bed.serve_for(catalog({missing("all", OnMissed::run_all)}), 30min);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    CHECK(instants(runs) == std::vector{start - 3h, start - 2h, start - 1h, start});
    for (const auto& run : runs) CHECK(run.trigger == RunTrigger::catchup);
    CHECK(bed.slots_closed() == 4);
  });
}

TEST_CASE("catchup_limit keeps the newest, the others are missed with that reason", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    bed.engine.resume(TestBed::past(last_seen({"all"}, 100h)));
    Job all = missing("all", OnMissed::run_all);
    all.catchup_limit = 3;
    co_await bed.serve_for(catalog({all}), 30min);
    CHECK(bed.slots(SlotResult::started).size() == 3);
    const auto missed = bed.slots(SlotResult::missed);
    REQUIRE(missed.size() == 1);
    CHECK(missed[0].count == 97);
    CHECK(missed[0].reason == SlotReason::catchup_limit);
  });
}

TEST_CASE("the daemon's budget spreads what is made up for, by priority, then by age", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    std::vector<Job> jobs;
    std::vector<std::string> names;
    for (const char* name : {"a", "b", "c", "urgent"}) {
      jobs.push_back(missing(name, OnMissed::run_once, 24h));
      names.emplace_back(name);
    }
    jobs[3].group = engine::GroupUse{.name = "top", .weight = 1, .priority = 10};
    bed.engine.resume(TestBed::past(last_seen(names, 50h)));
    auto made = std::make_shared<engine::Catalog>(*catalog(jobs));
    made->groups.emplace("top", engine::GroupPolicy{});
    made->catchup.starts_per_minute = 2;
    const WallTime start = now();
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(made);
    co_await async::sleep(1s);
    CHECK(bed.engine.catchup_size() == 3);
    REQUIRE(bed.engine.catchup_plan(10).size() == 3);
    CHECK(bed.engine.catchup_plan(10)[0].job == "a");
    CHECK(bed.engine.status().catchup == 3);
    co_await async::sleep(5min);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(runs.size() == 4);
    CHECK(runs[0].job == "urgent");
    CHECK(runs[0].started_at == start);
    CHECK(runs[1].started_at == start + 30s);
    CHECK(runs[3].started_at == start + 90s);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
    CHECK(bed.slots(SlotResult::coalesced).size() == 4);
    CHECK(bed.slots_closed() == 8);
  });
}

TEST_CASE("what waits for the budget can be run or skipped by hand", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    bed.engine.resume(TestBed::past(last_seen({"a", "b", "c"}, 50h)));
    auto made = std::make_shared<engine::Catalog>(
        *catalog({missing("a", OnMissed::run_once, 24h), missing("b", OnMissed::run_once, 24h),
                  missing("c", OnMissed::run_once, 24h)}));
    made->catchup.starts_per_minute = 1;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(made);
    co_await async::sleep(1s);
    CHECK(bed.engine.catchup_skip("b").value() == 1);
    CHECK(bed.engine.catchup_run("c").value() == 1);
    CHECK(bed.engine.catchup_run("c").value() == 0);
    CHECK_FALSE(bed.engine.catchup_run("nobody"));
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::cancelled);
    CHECK(bed.engine.status().running == 2);
    CHECK(bed.engine.catchup_size() == 0);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
  });
}

TEST_CASE("run_once runs the newest working slot though a holiday came after it", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;  // 2026-01-01 12:00, a Thursday
    Job daily = missing("daily", OnMissed::run_once, 24h);
    auto days = std::make_shared<time::DaySet>();
    REQUIRE(days->add("2025-12-31..2026-01-01").has_value());
    daily.days_off = {.days = days, .zone = {}};
    bed.engine.resume(TestBed::past(last_seen({"daily"}, 5 * 24h)));
    co_await bed.serve_for(catalog({daily}), 1h);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].scheduled_at == std::chrono::sys_days(std::chrono::year(2025) / 12 / 30));
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::holiday);
    CHECK(bed.slots(SlotResult::skipped)[0].count == 2);
    CHECK(bed.slots(SlotResult::coalesced)[0].run == runs[0].run);
  });
}

TEST_CASE("a suspend is on record as such, and its slots are missed for that reason", "[makeup]") {
  run_async([]() -> async::Task<> {
    async::ManualClock& clock = testing::test_clock();
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({missing("skips", OnMissed::skip), missing("once", OnMissed::run_once)}));
    co_await async::sleep(1s);
    clock.suspend(8h);
    co_await async::sleep(1s);
    const auto jumps = bed.ledger.all<ledger::ClockJumped>();
    REQUIRE(jumps.size() == 1);
    CHECK(jumps[0].what == ledger::ClockJumped::What::suspend);
    CHECK(jumps[0].step == 8h);
    REQUIRE(bed.slots(SlotResult::missed).size() == 1);
    CHECK(bed.slots(SlotResult::missed)[0].count == 8);
    CHECK(bed.slots(SlotResult::missed)[0].reason == SlotReason::suspend);
    CHECK(bed.slots(SlotResult::coalesced)[0].count == 7);
    CHECK(bed.slots(SlotResult::coalesced)[0].reason == SlotReason::suspend);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a slot that might be made up for is claimed a second before it is due, others are not", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job at_least = missing("at_least", OnMissed::run_once);
    at_least.guarantee = engine::Guarantee::at_least_once;
    const WallTime start = now();
    co_await bed.serve_for(catalog({missing("claims", OnMissed::run_once), missing("skips", OnMissed::skip), at_least}),
                           61min);
    const auto claims = bed.ledger.all<ledger::SlotClaimed>();
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].job == "claims");
    CHECK(claims[0].scheduled_at == start + 1h);
    CHECK(claims[0].at == start + 1h - 1s);
    CHECK(bed.slots(SlotResult::started).size() == 3);
  });
}

TEST_CASE("a claim is withdrawn when a reload makes its slot void", "[makeup]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({missing("claims", OnMissed::run_once)}));
    co_await async::sleep(1h - 500ms);
    Job edited = missing("claims", OnMissed::run_once, 7h);
    edited.fingerprint = "edited";
    bed.engine.apply(catalog({edited}, 2));
    const auto claims = bed.ledger.all<ledger::SlotClaimed>();
    REQUIRE(claims.size() == 2);
    CHECK(claims[1].withdrawn);
    CHECK(claims[1].scheduled_at == claims[0].scheduled_at);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}
