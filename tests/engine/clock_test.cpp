// What the engine does when the wall clock is set.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using ledger::SlotReason;
using ledger::SlotResult;

TEST_CASE("the wall clock set forward is an event on record, and the slots it passed are missed", "[clock]") {
  run_async([]() -> async::Task<> {
    async::ManualClock& clock = testing::test_clock();
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(10min))}));
    co_await async::sleep(1s);
    clock.advance_wall(1h);
    co_await async::sleep(1s);
    const auto jumps = bed.ledger.all<ledger::ClockJumped>();
    REQUIRE(jumps.size() == 1);
    CHECK(jumps[0].step == 1h);
    std::uint64_t missed = 0;
    for (const auto& slot : bed.slots(SlotResult::missed)) {
      CHECK(slot.reason == SlotReason::clock_jump);
      missed += slot.count;
    }
    CHECK(missed == 6);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("with run_once the newest slot that a jump passed is run, the others are coalesced into it", "[clock]") {
  run_async([]() -> async::Task<> {
    async::ManualClock& clock = testing::test_clock();
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    Job tick = job("tick", every(10min));
    tick.on_missed = engine::OnMissed::run_once;
    bed.engine.apply(catalog({tick}));
    co_await async::sleep(1s);
    clock.advance_wall(1h);
    co_await async::sleep(1s);
    REQUIRE(bed.slots(SlotResult::started).size() == 1);
    REQUIRE(bed.slots(SlotResult::coalesced).size() == 1);
    CHECK(bed.slots(SlotResult::coalesced)[0].count == 5);
    CHECK(bed.slots(SlotResult::coalesced)[0].run == bed.slots(SlotResult::started)[0].run);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("the wall clock set back fires no slot twice", "[clock]") {
  run_async([]() -> async::Task<> {
    async::ManualClock& clock = testing::test_clock();
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(10min))}));
    co_await async::sleep(35min);
    const std::size_t before = bed.slots(SlotResult::started).size();
    clock.advance_wall(-30min);
    co_await async::sleep(2h);
    const auto started = bed.slots(SlotResult::started);
    for (std::size_t i = 1; i < started.size(); ++i) {
      CHECK(started[i].scheduled_at - started[i - 1].scheduled_at == 10min);
    }
    CHECK(before == 3);
    CHECK(started.size() == 3 + 9);  // 12 slots in two hours, less the half hour that is repeated
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}
