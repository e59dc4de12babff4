// What a slot meets while runs of its job are under way.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::Overlap;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

async::Task<> goodbye() { co_await async::sleep(5s); }

/// Takes `span`; when it is cancelled, a goodbye of 5 s unless it was replaced, and notes the reason.
std::shared_ptr<const engine::Action> reluctant(Duration span, std::vector<async::CancelReason>& reasons) {
  return std::make_shared<FunctionAction>(
      [span, &reasons](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
        std::exception_ptr interrupted;
        bool at_once = false;
        try {
          co_await async::sleep(span);
        } catch (const async::Cancelled& cancelled) {
          reasons.push_back(cancelled.reason());
          at_once = cancelled.reason() == async::CancelReason::replaced;
          interrupted = std::current_exception();
        }
        if (!interrupted) co_return Outcome::success;
        if (!at_once) co_await async::shielded(goodbye(), 10s);
        std::rethrow_exception(interrupted);
      });
}

}  // namespace

TEST_CASE("replace kills the run at once and starts the newest slot in its place", "[overlap]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    std::vector<async::CancelReason> reasons;
    Job slow = job("slow", every(10s), reluctant(25s, reasons));
    slow.overlap = Overlap::replace;
    co_await bed.serve_for(catalog({slow}), 40s, 1h);  // slots at 10, 20, 30 and 40
    CHECK(bed.slots(SlotResult::started).size() == 4);
    CHECK(bed.slots(SlotResult::skipped).empty());
    const auto runs = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(runs.size() == 4);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(runs[i].outcome == Outcome::cancelled);
      CHECK(runs[i].message == "replaced by a newer run");
      CHECK(runs[i].ended_at - runs[i].started_at == 10s);
      CHECK(reasons[i] == async::CancelReason::replaced);
    }
    CHECK(runs[3].outcome == Outcome::success);
  });
}

TEST_CASE("cancel_other ends the run in order, and of the slots that wait only the newest is kept", "[overlap]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    std::vector<async::CancelReason> reasons;
    Job slow = job("slow", every(2s), reluctant(1h, reasons));
    slow.overlap = Overlap::cancel_other;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({slow}));
    co_await async::sleep(9500ms);  // 2 runs; 4 ends it, which takes until 9; 4, 6 wait in vain, 8 starts at 9
    CHECK(bed.slots(SlotResult::started).size() == 2);
    const auto skipped = bed.slots(SlotResult::skipped);
    REQUIRE(skipped.size() == 2);
    for (const auto& slot : skipped) {
      CHECK(slot.reason == SlotReason::replaced);
      CHECK(slot.run.has_value());
    }
    CHECK(reasons == std::vector{async::CancelReason::user});
    CHECK(bed.engine.status().running == 1);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
    CHECK(bed.events_of<engine::SlotUnaccounted>().empty());
  });
}

TEST_CASE("max_instances lets that many run beside each other before the policy applies", "[overlap]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", every(10s), takes(35s));
    slow.max_instances = 2;
    std::size_t most = 0;
    bed.events.subscribe([&](const engine::Event& event) {
      if (std::holds_alternative<engine::AttemptStarted>(event)) most = std::max(most, bed.engine.status().running);
    });
    co_await bed.serve_for(catalog({slow}), 60s, 1h);  // 10 and 20 run, 30 and 40 are refused, 50 and 60 run
    CHECK(most == 2);
    CHECK(bed.slots(SlotResult::started).size() == 4);
    CHECK(bed.slots(SlotResult::skipped).size() == 2);
  });
}

TEST_CASE("a slot that waited past its starting_deadline is skipped when its turn comes", "[overlap]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", every(10s), takes(28s));
    slow.overlap = Overlap::queue;
    slow.starting_deadline = 15s;
    co_await bed.serve_for(catalog({slow}), 40s, 1h);  // 10 runs until 38: 20 is 18 s late, 30 is in time
    const auto skipped = bed.slots(SlotResult::skipped);
    REQUIRE(skipped.size() == 2);  // and 40, at the shutdown
    CHECK(skipped[0].reason == SlotReason::deadline);
    CHECK(skipped[1].reason == SlotReason::shutdown);
    CHECK(bed.slots(SlotResult::started).size() == 2);
  });
}

TEST_CASE("a run by hand meets the same policies, and says which", "[overlap]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    std::vector<async::CancelReason> reasons;
    Job one = job("one", nullptr, reluctant(1h, reasons));
    one.overlap = Overlap::replace;
    bed.engine.apply(catalog({one}));
    co_await async::sleep(1s);
    const auto first = bed.engine.run_now("one");
    co_await async::sleep(1s);
    const auto second = bed.engine.run_now("one");
    co_await async::sleep(1s);
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    CHECK_FALSE(bed.engine.active_run(*first));
    CHECK(bed.engine.active_run(*second));
    CHECK_THAT(bed.engine.dump(), Catch::Matchers::Contains("one run " + std::to_string(*second) + " attempting 1"));
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}
