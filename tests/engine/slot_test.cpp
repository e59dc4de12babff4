#include "engine/slot.hpp"

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::Slot;
using engine::SlotState;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

/// Makes slots without an engine.
struct SlotBed {
  RecordingLedger ledger;
  engine::EventStream events;
  std::vector<engine::SlotUnaccounted> lost;
  engine::Recorder recorder{ledger, events, nullptr};
  std::shared_ptr<const Job> backup = std::make_shared<const Job>(job("backup", every(1h)));
  WallTime noon = async::Loop::current().wall_now();

  SlotBed() {
    events.subscribe([this](const engine::Event& event) {
      if (const auto* found = std::get_if<engine::SlotUnaccounted>(&event)) lost.push_back(*found);
    });
  }
  Slot slot(std::uint64_t count = 1, bool claimed = false) {
    return {backup, {.first = noon, .last = noon + (count - 1) * 1h, .count = count}, recorder, claimed};
  }
};

}  // namespace

TEST_CASE("a slot ends in exactly one entry, whichever end it takes", "[slot]") {
  run_async([]() -> async::Task<> {
    SlotBed bed;
    bed.slot().enter_started(7);
    bed.slot().enter_skipped(SlotReason::paused);
    bed.slot(3).enter_missed(SlotReason::down);
    bed.slot(2).enter_coalesced(SlotReason::suspend, 7);
    const auto closed = bed.ledger.all<ledger::SlotClosed>();
    REQUIRE(closed.size() == 4);
    CHECK(closed[0].result == SlotResult::started);
    CHECK(closed[0].run == 7);
    CHECK(closed[1].reason == SlotReason::paused);
    CHECK(closed[2].count == 3);
    CHECK(closed[2].last_scheduled_at == bed.noon + 2h);
    CHECK(closed[3].result == SlotResult::coalesced);
    CHECK(bed.lost.empty());
    co_return;
  });
}

TEST_CASE("a slot that waits is open in the ledger, once", "[slot]") {
  run_async([]() -> async::Task<> {
    SlotBed bed;
    Slot waits = bed.slot();
    waits.enter_waiting();
    CHECK(waits.dump() == "backup 2026-01-01T12:00:00Z waiting");
    REQUIRE(bed.ledger.all<ledger::SlotClaimed>().size() == 1);
    CHECK(bed.ledger.all<ledger::SlotClaimed>()[0].scheduled_at == bed.noon);
    std::move(waits).enter_skipped(SlotReason::replaced, 9);
    CHECK(bed.ledger.all<ledger::SlotClosed>()[0].run == 9);
    Slot claimed = bed.slot(1, true);
    claimed.enter_waiting();
    std::move(claimed).enter_started(10);
    CHECK(bed.ledger.all<ledger::SlotClaimed>().size() == 1);
    co_return;
  });
}

TEST_CASE("a slot cannot end twice, nor wait after its end", "[slot]") {
  run_async([]() -> async::Task<> {
    SlotBed bed;
    Slot slot = bed.slot();
    std::move(slot).enter_started(7);
    CHECK(slot.state() == SlotState::started);
    CHECK_THROWS_WITH(slot.enter_waiting(), Catch::Matchers::Contains("backup 2026-01-01T12:00:00Z started"));
    CHECK_THROWS_AS(std::move(slot).enter_missed(SlotReason::down), std::logic_error);
    Slot waits = bed.slot();
    waits.enter_waiting();
    CHECK_THROWS_AS(waits.enter_waiting(), std::logic_error);
    const Slot moved = std::move(waits);
    CHECK_THROWS_WITH(waits.enter_waiting(), Catch::Matchers::Contains("moved away"));  // NOLINT(*-use-after-move)
    CHECK(moved.state() == SlotState::waiting);
    CHECK(bed.ledger.all<ledger::SlotClosed>().size() == 1);
    co_return;
  });
}

TEST_CASE("a slot that is lost sight of is told, and counted", "[slot]") {
  run_async([]() -> async::Task<> {
    SlotBed bed;
    {
      const Slot dropped = bed.slot(5);
    }
    REQUIRE(bed.lost.size() == 1);
    CHECK(bed.lost[0].job == "backup");
    CHECK(bed.lost[0].count == 5);
    co_return;
  });
}
