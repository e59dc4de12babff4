// What a new daemon makes of what the last one left.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

/// A past in which `job` was last seen at that slot.
std::shared_ptr<ledger::Resume> last_slot_of(std::string job, WallTime slot) {
  auto past = std::make_shared<ledger::Resume>();
  ledger::JobTotals totals;
  past->declared.push_back({.job = job, .fingerprint = job, .at = slot});
  totals.job = std::move(job);
  totals.last_slot = slot;
  past->jobs.push_back(std::move(totals));
  return past;
}

/// The newest whole hour before now, and the one `hours` before that.
WallTime hours_ago(int hours) {
  return std::chrono::floor<std::chrono::hours>(now() - 1ns) - std::chrono::hours(hours);
}

}  // namespace

TEST_CASE("a run without an end is closed as lost, and its job runs again", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->unfinished.push_back({.run = 41,
                                .job = "tick",
                                .trigger = RunTrigger::schedule,
                                .scheduled_at = hours_ago(0),
                                .started_at = hours_ago(0),
                                .generation = 1});
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({job("tick", every(1h))}), 1h);
    const auto runs = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].run == 41);
    CHECK(runs[0].outcome == Outcome::lost);
    CHECK(runs[1].outcome == Outcome::success);
  });
}

TEST_CASE("with on_missed: skip the slots of the downtime are recorded as missed(down)", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    bed.engine.resume(TestBed::past(last_slot_of("tick", hours_ago(5))));
    co_await bed.serve_for(catalog({job("tick", every(1h))}), 1s);
    std::uint64_t missed = 0;
    for (const auto& slot : bed.slots(SlotResult::missed)) {
      CHECK(slot.reason == SlotReason::down);
      missed += slot.count;
    }
    CHECK(missed == 6);  // 07:00 to 12:00, which is when the clock starts
    CHECK(bed.ledger.all<ledger::RunStarted>().empty());
  });
}

TEST_CASE("with on_missed: run_once a fortnight of 5 s slots makes one run and one coalesced entry", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job often = job("often", every(5s));
    often.on_missed = engine::OnMissed::run_once;
    const WallTime last = std::chrono::floor<std::chrono::hours>(now()) - 14 * 24h;
    bed.engine.resume(TestBed::past(last_slot_of("often", last)));
    co_await bed.serve_for(catalog({often}), 1ms);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].trigger == RunTrigger::catchup);
    const auto coalesced = bed.slots(SlotResult::coalesced);
    REQUIRE(coalesced.size() == 1);
    CHECK(coalesced[0].run == runs[0].run);
    CHECK(coalesced[0].reason == SlotReason::down);
    CHECK(coalesced[0].count + 1 >= 14 * 24 * 720);
    CHECK(coalesced[0].scheduled_at == last + 5s);
  });
}

TEST_CASE("a weekly job fires weekly although the daemon restarts daily", "[resume]") {
  run_async([]() -> async::Task<> {
    const WallTime begin = now();
    std::optional<WallTime> last;
    int runs = 0;
    for (int day = 0; day < 28; ++day) {
      TestBed bed;
      bed.engine.resume(TestBed::past(last ? last_slot_of("weekly", *last) : std::make_shared<ledger::Resume>()));
      co_await bed.serve_for(catalog({job("weekly", every(7 * 24h))}), 24h);
      for (const auto& slot : bed.slots(SlotResult::started)) {
        last = slot.scheduled_at;
        ++runs;
      }
    }
    CHECK(now() - begin >= 28 * 24h);
    CHECK(runs == 4);
  });
}

TEST_CASE("a one-shot that came due while the daemon was down runs at once", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->one_shots.push_back({.name = "one-shot-3",
                               .due = now() - 1h,
                               .argv = {"true"},
                               .working_dir = {},
                               .environment = {},
                               .by = "ada",
                               .at = now() - 2h});
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({}), 1s);
    CHECK(bed.one_shots_run == std::vector<std::string>{"one-shot-3"});
    CHECK(bed.ledger.all<ledger::OneShotRemoved>().size() == 1);
  });
}

TEST_CASE("a one-shot that had started before the crash is not started again", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const WallTime due = now() - 1h;
    auto past = last_slot_of("one-shot-3", due);
    past->one_shots.push_back({.name = "one-shot-3",
                               .due = due,
                               .argv = {"true"},
                               .working_dir = {},
                               .environment = {},
                               .by = "ada",
                               .at = due - 1h});
    past->unfinished.push_back({.run = 9,
                                .job = "one-shot-3",
                                .trigger = RunTrigger::schedule,
                                .scheduled_at = due,
                                .started_at = due,
                                .generation = 1});
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({}), 1s);
    CHECK(bed.one_shots_run.empty());
    CHECK(bed.ledger.all<ledger::RunEnded>().front().outcome == Outcome::lost);
    CHECK(bed.ledger.all<ledger::OneShotRemoved>().size() == 1);
  });
}

TEST_CASE("a pause survives the restart", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->paused.push_back({.job = "tick", .paused = true, .reason = "holiday", .by = "ada", .at = now()});
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({job("tick", every(10s))}), 20s);
    CHECK(bed.slots(SlotResult::started).empty());
    CHECK(bed.slots(SlotResult::skipped).size() == 2);
  });
}

TEST_CASE("a job that was declared but never had a slot is owed the one that passed while the daemon was down",
          "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->declared.push_back({.job = "nightly", .fingerprint = "nightly", .at = now() - 2h});
    Job nightly = job("nightly", std::make_shared<time::AtTrigger>(now() - 1h));
    nightly.on_missed = engine::OnMissed::run_once;
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({nightly}), 1s);
    REQUIRE(bed.ledger.all<ledger::RunStarted>().size() == 1);
    CHECK(bed.ledger.all<ledger::RunStarted>().front().trigger == RunTrigger::catchup);
  });
}

TEST_CASE("a job that was declared differently while the daemon was down is not owed the past", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job edited = job("tick", every(1h));
    edited.fingerprint = "edited";
    edited.on_missed = engine::OnMissed::run_once;
    bed.engine.resume(TestBed::past(last_slot_of("tick", hours_ago(5))));
    co_await bed.serve_for(catalog({edited}), 1s);
    CHECK(bed.ledger.all<ledger::SlotClosed>().empty());
    const auto declared = bed.ledger.all<ledger::JobDeclared>();
    REQUIRE(declared.size() == 1);
    CHECK(declared.front().fingerprint == "edited");
  });
}

TEST_CASE("a job that is declared as before is not declared again, one that is gone is withdrawn", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<ledger::Resume>();
    past->declared.push_back({.job = "same", .fingerprint = "same", .at = now() - 1s});
    past->declared.push_back({.job = "gone", .fingerprint = "gone", .at = now() - 1s});
    bed.engine.resume(TestBed::past(past));
    co_await bed.serve_for(catalog({job("same", every(1h))}), 1s);
    const auto declared = bed.ledger.all<ledger::JobDeclared>();
    REQUIRE(declared.size() == 1);
    CHECK(declared.front().job == "gone");
    CHECK(declared.front().fingerprint.empty());
  });
}

TEST_CASE("a lost run is the job's last outcome", "[resume]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = last_slot_of("tick", hours_ago(0));
    past->unfinished.push_back({.run = 41,
                                .job = "tick",
                                .trigger = RunTrigger::schedule,
                                .scheduled_at = hours_ago(0),
                                .started_at = hours_ago(0),
                                .generation = 1});
    bed.engine.resume(TestBed::past(past));
    bed.engine.apply(catalog({job("tick", every(1h))}));
    CHECK(bed.engine.job("tick")->last_outcome == Outcome::lost);
    CHECK(bed.engine.job("tick")->consecutive_failures == 1);
    co_return;
  });
}
