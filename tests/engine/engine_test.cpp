#include "engine/engine.hpp"

#include <catch2/catch.hpp>

#include "async/clock.hpp"
#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

TEST_CASE("a periodic job runs once for each slot, and every slot and run is on record", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(catalog({job("tick", every(10s))}), 60s);
    const auto started = bed.slots(SlotResult::started);
    CHECK(started.size() == 6);
    CHECK(bed.slots_closed() == 6);
    const auto runs = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(runs.size() == 6);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      CHECK(runs[i].outcome == Outcome::success);
      CHECK(runs[i].run == started[i].run);
      CHECK(runs[i].scheduled_at == started[i].scheduled_at);
    }
    CHECK(started[1].scheduled_at - started[0].scheduled_at == 10s);
  });
}

TEST_CASE("a year of hourly slots is simulated without losing one", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(catalog({job("hourly", every(1h))}), 365 * 24h);
    CHECK(bed.slots(SlotResult::started).size() == 365 * 24);
    CHECK(bed.slots_closed() == 365 * 24);
  });
}

TEST_CASE("forbid skips the slots that find their job running", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(catalog({job("slow", every(10s), takes(25s))}), 61s, 1h);
    CHECK(bed.slots(SlotResult::started).size() == 2);
    const auto skipped = bed.slots(SlotResult::skipped);
    REQUIRE(skipped.size() == 4);
    for (const auto& slot : skipped) CHECK(slot.reason == SlotReason::overlap);
  });
}

TEST_CASE("allow runs them side by side", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", every(10s), takes(25s));
    slow.overlap = engine::Overlap::allow;
    std::size_t most = 0;
    bed.events.subscribe([&](const engine::Event& event) {
      if (std::holds_alternative<engine::AttemptStarted>(event)) most = std::max(most, bed.engine.status().running);
    });
    co_await bed.serve_for(catalog({slow}), 61s, 1h);
    CHECK(bed.slots(SlotResult::started).size() == 6);
    CHECK(most == 3);
  });
}

TEST_CASE("queued slots run one after the other, beyond the bound they are skipped", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", every(10s), takes(100s));
    slow.overlap = engine::Overlap::queue;
    slow.queue_limit = 2;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({slow}));
    co_await async::sleep(45s);  // slots at 10 (runs), 20 and 30 (wait), 40 (refused)
    CHECK(bed.engine.status().queued == 2);
    CHECK(bed.slots(SlotResult::skipped).size() == 1);
    bed.engine.apply(catalog({}, 2));  // the job goes: what waits is accounted for, what runs goes on
    CHECK(bed.slots(SlotResult::skipped).size() == 3);
    CHECK(bed.slots(SlotResult::skipped).back().reason == SlotReason::reloaded);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
    CHECK(bed.ledger.all<ledger::RunEnded>().size() == 1);
    CHECK(bed.slots_closed() == 4);
  });
}

TEST_CASE("a run by hand that waits when its job goes away ends as cancelled", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job queued = job("queued", nullptr, takes(1h));
    queued.overlap = engine::Overlap::queue;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({queued}));
    co_await async::sleep(1s);
    const auto first = bed.engine.run_now("queued");
    const auto second = bed.engine.run_now("queued");
    REQUIRE(first);
    REQUIRE(second);
    bed.engine.apply(catalog({}, 2));
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended.front().run == *second);
    CHECK(ended.front().outcome == Outcome::cancelled);
    co_await bed.engine.drain(2h);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a paused job's slots are skipped with that reason until it is resumed", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(10s))}));
    REQUIRE(bed.engine.pause("tick", "moving disks", "ada"));
    co_await async::sleep(31s);
    CHECK(bed.slots(SlotResult::skipped).size() == 3);
    CHECK(bed.slots(SlotResult::skipped).front().reason == SlotReason::paused);
    CHECK(bed.engine.job("tick")->paused->by == "ada");
    REQUIRE(bed.engine.resume_job("tick", "ada"));
    co_await async::sleep(10s);
    CHECK(bed.slots(SlotResult::started).size() == 1);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
    CHECK(bed.ledger.all<ledger::PauseChanged>().size() == 2);
  });
}

TEST_CASE("drain stops intake, waits for runs, and cancels those that outstay the grace", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("short", every(10s), takes(5s)), job("long", every(10s), takes(24h))}));
    co_await async::sleep(11s);
    const std::int64_t before = async::Loop::current().now_ns();
    co_await bed.engine.drain(30s);
    CHECK(async::Loop::current().now_ns() - before == Duration(30s).count());
    co_await std::move(serving).join();
    const auto runs = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].job == "short");
    CHECK(runs[0].outcome == Outcome::success);
    CHECK(runs[1].job == "long");
    CHECK(runs[1].outcome == Outcome::cancelled);
    CHECK(runs[1].message == "ended because belfryd shut down");
    CHECK_FALSE(bed.engine.run_now("short"));
  });
}

TEST_CASE("a reload leaves unchanged jobs on their beat and plans changed ones from now", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("same", every(1h)), job("edited", every(1h))}));
    const auto next = bed.engine.job("same")->next;
    co_await async::sleep(31s);
    Job edited = job("edited", every(10s));
    edited.fingerprint = "edited again";
    const engine::CatalogDiff changes = bed.engine.apply(catalog({job("same", every(1h)), edited}, 2));
    CHECK(changes.changed == std::vector<std::string>{"edited"});
    CHECK(changes.unchanged == 1);
    CHECK(bed.engine.job("same")->next == next);
    co_await async::sleep(10s);
    REQUIRE(bed.slots(SlotResult::started).size() == 1);
    CHECK(bed.slots(SlotResult::started).front().job == "edited");
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a job that is taken out and put back is still paused", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(10s))}));
    REQUIRE(bed.engine.pause("tick", "do not run", "ada"));
    bed.engine.apply(catalog({}, 2));
    CHECK_FALSE(bed.engine.job("tick"));
    CHECK(bed.engine.jobs(10).empty());
    bed.engine.apply(catalog({job("tick", every(10s))}, 3));
    co_await async::sleep(11s);
    CHECK(bed.slots(SlotResult::started).empty());
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped).front().reason == SlotReason::paused);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("cancelling a job ends its run and empties its queue", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", every(10s), takes(1h));
    slow.overlap = engine::Overlap::queue;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({slow}));
    co_await async::sleep(21s);  // one runs, one waits
    const auto by_hand = bed.engine.run_now("slow");
    REQUIRE(by_hand);
    REQUIRE(bed.engine.cancel_run(*by_hand, "ada"));
    CHECK(bed.engine.cancel_job("slow", "ada") == 2);
    co_await bed.engine.drain(1s);
    co_await std::move(serving).join();
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 2);
    CHECK(ended[0].message == "it never started: cancelled by ada");
    CHECK(ended[1].message == "cancelled by ada");
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped).front().reason == SlotReason::cancelled);
  });
}

TEST_CASE("a running job that a reload removes finishes, and its return finds it", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("slow", every(10s), takes(1min))}));
    co_await async::sleep(15s);
    bed.engine.apply(catalog({}, 2));
    CHECK_FALSE(bed.engine.job("slow"));
    CHECK(bed.engine.status().running == 1);
    bed.engine.apply(catalog({job("slow", every(10s), takes(1min))}, 3));
    co_await async::sleep(10s);  // its old run still holds the overlap guard
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped).front().reason == SlotReason::overlap);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
    CHECK(bed.ledger.all<ledger::RunEnded>().front().outcome == Outcome::success);
  });
}

TEST_CASE("a run by hand starts beside the schedule, and the overlap policy may refuse it", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("manual", nullptr, takes(1min))}));
    CHECK_FALSE(bed.engine.job("manual")->next);
    co_await async::sleep(1s);
    const auto run = bed.engine.run_now("manual");
    REQUIRE(run);
    CHECK(bed.engine.active_run(*run)->trigger == RunTrigger::manual);
    const auto refused = bed.engine.run_now("manual");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == engine::Refusal::Kind::policy);
    CHECK(bed.engine.run_now("manul").error().kind == engine::Refusal::Kind::not_found);
    co_await async::sleep(1s);
    CHECK(bed.engine.cancel_job("manual", "ada") == 1);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
    CHECK(bed.ledger.all<ledger::SlotClosed>().empty());  // a run by hand has no slot
    CHECK(bed.ledger.all<ledger::RunEnded>().front().message == "cancelled by ada");
  });
}

TEST_CASE("a delayed one-shot runs once and is then forgotten", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({}));
    ledger::OneShotAdded request;
    request.due = async::Loop::current().wall_now() + 10min;
    request.argv = {"true"};
    const auto name = bed.engine.add_one_shot(request);
    REQUIRE(name);
    CHECK(bed.engine.job(*name)->next == request.due);
    co_await async::sleep(11min);
    CHECK(bed.one_shots_run == std::vector<std::string>{*name});
    CHECK_FALSE(bed.engine.job(*name));
    CHECK(bed.ledger.all<ledger::OneShotRemoved>().size() == 1);
    CHECK(bed.slots_closed() == 1);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a one-shot can be withdrawn before it starts", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("declared", every(1h))}));
    ledger::OneShotAdded request;
    request.due = async::Loop::current().wall_now() + 10min;
    const auto name = bed.engine.add_one_shot(request);
    REQUIRE(name);
    REQUIRE(bed.engine.remove_one_shot(*name));
    CHECK(bed.engine.remove_one_shot("declared").error().kind == engine::Refusal::Kind::policy);
    co_await async::sleep(20min);
    CHECK(bed.one_shots_run.empty());
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a slot on a day off is on record as skipped", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job daily = job("daily", every(24h));
    auto days = std::make_shared<time::DaySet>();
    REQUIRE(days->add("sat-sun").has_value());
    daily.days_off = {.days = days, .zone = {}};
    co_await bed.serve_for(catalog({daily}), 14 * 24h);
    CHECK(bed.slots(SlotResult::started).size() == 10);
    const auto skipped = bed.slots(SlotResult::skipped);
    REQUIRE(skipped.size() == 4);
    for (const auto& slot : skipped) CHECK(slot.reason == SlotReason::holiday);
  });
}

TEST_CASE("an unchanged job whose trigger has new rules waits for its new slot, and is told as moved", "[engine]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(catalog({job("a", every(1h)), job("b", every(1h))}), 90min);
    const auto before = bed.engine.job("a")->next;
    const auto changes = bed.engine.apply(
        catalog({job("a", std::make_shared<time::EveryTrigger>(1h, WallTime{10min})), job("b", every(1h))}));
    CHECK(changes.unchanged == 2);
    REQUIRE(changes.moved.size() == 1);
    CHECK(changes.moved[0].job == "a");
    CHECK(changes.moved[0].before == before);
    CHECK(changes.moved[0].now == bed.engine.job("a")->next);
    CHECK(changes.moved[0].now != before);
  });
}
