// Groups, breakers, preconditions, dependencies and pauses, in the engine. What each does by itself is tested beside
// it.

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

std::shared_ptr<const engine::Catalog> with_group(std::vector<Job> jobs, engine::GroupPolicy policy,
                                                  std::uint64_t generation = 1) {
  auto made = std::make_shared<engine::Catalog>(*catalog(std::move(jobs), generation));
  made->groups.emplace("db", policy);
  return made;
}

Job in_group(std::string name, Duration takes_span, int priority = 0, int weight = 1) {
  Job made = job(std::move(name), every(1h), takes(takes_span));
  made.group = engine::GroupUse{.name = "db", .weight = weight, .priority = priority};
  return made;
}

std::shared_ptr<const engine::Action> ends_with(const std::vector<Outcome>& outcomes) {
  auto next = std::make_shared<std::size_t>(0);
  return std::make_shared<FunctionAction>(
      [outcomes, next](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
        co_return outcomes.at(std::min((*next)++, outcomes.size() - 1));
      });
}

std::vector<std::string> order_of(const TestBed& bed) {
  std::vector<std::string> order;
  for (const auto& run : bed.ledger.all<ledger::RunStarted>()) order.push_back(run.job);
  return order;
}

class FixedPrecondition final : public engine::Precondition {
 public:
  FixedPrecondition(Duration takes_span, std::optional<std::string> objection)
      : takes_(takes_span), objection_(std::move(objection)) {}
  async::Task<std::optional<std::string>> objection() const override {
    co_await async::sleep(takes_);
    co_return objection_;
  }

 private:
  Duration takes_;
  std::optional<std::string> objection_;
};

}  // namespace

TEST_CASE("a group lets as many run as its limit says, by priority", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(with_group({in_group("a", 10min), in_group("b", 10min), in_group("c", 10min, 5)},
                                      {.limit = 1, .queue_limit = 10}),
                           90min, 1h);
    CHECK(order_of(bed) == std::vector<std::string>{"a", "c", "b"});
    const auto runs = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(runs.size() == 3);
    CHECK(runs[1].started_at == runs[0].ended_at);
    CHECK(runs[2].started_at == runs[1].ended_at);
    CHECK(bed.engine.groups()[0].used == 0);
  });
}

TEST_CASE("a group tells what it holds, and a run how long it waited there", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(with_group({in_group("a", 10min), in_group("b", 10min)}, {.limit = 1, .queue_limit = 10}),
                           90min, 1h);
    const auto attempts = bed.events_of<engine::AttemptStarted>();
    REQUIRE(attempts.size() == 2);
    CHECK(attempts[0].queue_wait == 0s);
    CHECK(attempts[1].queue_wait == 10min);
    CHECK(attempts[1].start_delay == 10min);
    const auto held = bed.events_of<engine::GroupChanged>();
    CHECK(std::ranges::max(held, {}, &engine::GroupChanged::in_use).in_use == 1);
    CHECK(std::ranges::max(held, {}, &engine::GroupChanged::waiting).waiting == 1);
    CHECK(held.front().limit == 1);
    CHECK(held.back().in_use == 0);
    CHECK(held.back().waiting == 0);
  });
}

TEST_CASE("a full group refuses, with its reason, and its rate does", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    co_await bed.serve_for(
        with_group({in_group("a", 10min), in_group("b", 10min)}, {.limit = 1, .on_full = engine::OnFull::skip}), 90min,
        1h);
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::group);
  });
  run_async([]() -> async::Task<> {
    TestBed bed;
    engine::GroupPolicy policy{.limit = std::nullopt};
    policy.rate = engine::RatePolicy{.count = 1, .per = 10min, .burst = 1};
    co_await bed.serve_for(with_group({in_group("a", 0s), in_group("b", 0s), in_group("c", 0s)}, policy), 90min, 1h);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(runs.size() == 3);
    CHECK(runs[1].started_at - runs[0].started_at == 10min);
    CHECK(runs[2].started_at - runs[1].started_at == 10min);
  });
}

TEST_CASE("a group that a reload removes lets everybody in", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(with_group({in_group("a", 20min), in_group("b", 20min)}, {.limit = 1}));
    co_await async::sleep(61min);
    CHECK(bed.engine.status().running == 1);
    CHECK(bed.engine.waiting(10).size() == 1);
    CHECK(bed.engine.waiting(10)[0].waits_for == engine::WaitsFor::group);
    Job a = in_group("a", 20min);
    Job b = in_group("b", 20min);
    a.group.reset();
    b.group.reset();
    bed.engine.apply(catalog({a, b}, 2));
    co_await async::sleep(1min);
    CHECK(bed.engine.status().running == 2);
    co_await bed.engine.drain(1h);
    co_await std::move(serving).join();
    CHECK(bed.slots_closed() == 2);
  });
}

TEST_CASE("a circuit breaker skips slots after failures, lets one probe through, and says so", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job flaky = job("flaky", every(1min), ends_with({Outcome::failure, Outcome::failure, Outcome::success}));
    flaky.breaker = engine::BreakerPolicy{.failures = 2, .window = 1h, .cooldown = 10min};
    co_await bed.serve_for(catalog({flaky}), 20min);
    const auto skipped = bed.slots(SlotResult::skipped);
    CHECK(skipped.size() == 9);  // opens at 2, the probe runs at 12
    for (const auto& slot : skipped) CHECK(slot.reason == SlotReason::breaker);
    const auto changes = bed.ledger.all<ledger::BreakerChanged>();
    REQUIRE(changes.size() >= 2);
    CHECK(changes.front().open);
    CHECK_FALSE(changes.back().open);
  });
}

TEST_CASE("resuming a job closes its breaker", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job flaky = job("flaky", every(1min), ends_with({Outcome::failure, Outcome::success}));
    flaky.breaker = engine::BreakerPolicy{.failures = 1, .window = 1h, .cooldown = 24h};
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({flaky}));
    co_await async::sleep(150s);
    CHECK_THAT(bed.engine.job("flaky")->breaker, Catch::Matchers::StartsWith("open"));
    REQUIRE(bed.engine.resume_job("flaky", "ada"));
    co_await async::sleep(1min);
    CHECK(bed.slots(SlotResult::started).size() == 2);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a precondition that does not hold skips the slot, and the engine never waits for it", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job guarded = job("guarded", every(1h));
    guarded.precondition = std::make_shared<FixedPrecondition>(1min, "the disk is full");
    Job other = job("other", every(1h));
    co_await bed.serve_for(catalog({guarded, other}), 61min + 30s, 1h);
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::precondition);
    REQUIRE(bed.events_of<engine::PreconditionFailed>().size() == 1);
    CHECK(bed.events_of<engine::PreconditionFailed>()[0].why == "the disk is full");
    CHECK(bed.slots(SlotResult::started).size() == 1);
  });
}

TEST_CASE("a precondition that holds delays the start, and drain ends the look", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job guarded = job("guarded", every(1h));
    guarded.precondition = std::make_shared<FixedPrecondition>(10s, std::nullopt);
    co_await bed.serve_for(catalog({guarded}), 2h + 5s, 0s);
    const auto started = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(started.size() == 1);
    CHECK(started[0].started_at - *started[0].scheduled_at == 10s);
    REQUIRE(bed.slots(SlotResult::skipped).size() == 1);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::shutdown);
  });
}

TEST_CASE("a job without a trigger runs when those it depends on have ended as they must", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job extract = job("extract", every(1h), takes(1min));
    Job load = job("load", every(1h), ends_with({Outcome::success, Outcome::failure}));
    Job report = job("report", nullptr, takes(1min));
    report.depends_on = {{.job = "extract"}, {.job = "load"}};
    co_await bed.serve_for(catalog({extract, load, report}), 2h + 5min, 1h);
    std::vector<ledger::RunStarted> reports;
    for (const auto& run : bed.ledger.all<ledger::RunStarted>()) {
      if (run.job == "report") reports.push_back(run);
    }
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].trigger == RunTrigger::dependency);
    CHECK(reports[0].caused_by.has_value());
    const auto skipped = bed.slots(SlotResult::skipped);
    REQUIRE(skipped.size() == 1);
    CHECK(skipped[0].job == "report");
    CHECK(skipped[0].reason == SlotReason::dependency);
  });
}

TEST_CASE("a job with a trigger is gated by the last end of those it depends on", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job check = job("check", every(1h), ends_with({Outcome::success, Outcome::failure}));
    Job act = job("act", std::make_shared<time::EveryTrigger>(1h, WallTime{30min}));
    act.depends_on = {{.job = "check"}};
    co_await bed.serve_for(catalog({check, act}), 3h, 1h);  // 12:30 nothing yet, 13:30 good, 14:30 bad
    std::vector<SlotResult> results;
    for (const auto& slot : bed.ledger.all<ledger::SlotClosed>()) {
      if (slot.job == "act") results.push_back(slot.result);
    }
    CHECK(results == std::vector{SlotResult::skipped, SlotResult::started, SlotResult::skipped});
  });
}

TEST_CASE("only_if_last_succeeded stops a job after a failure until a run by hand succeeds", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job strict = job("strict", every(1h), ends_with({Outcome::success, Outcome::failure, Outcome::success}));
    strict.only_if_last_succeeded = true;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({strict}));
    co_await async::sleep(4h + 1min);
    CHECK(bed.slots(SlotResult::started).size() == 2);
    CHECK(bed.slots(SlotResult::skipped).size() == 2);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::last_failed);
    REQUIRE(bed.engine.run_now("strict"));
    co_await async::sleep(1h);
    CHECK(bed.slots(SlotResult::started).size() == 3);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a pause with an end ends by itself, and that is on record", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(1h))}));
    const WallTime until = async::Loop::current().wall_now() + 150min;
    REQUIRE(bed.engine.pause("tick", "moving disks", "ada", until));
    CHECK(bed.engine.pause("tick", "", "ada", until - 24h).error().kind == engine::Refusal::Kind::policy);
    co_await async::sleep(151min);
    const auto changes = bed.ledger.all<ledger::PauseChanged>();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].until == until);
    CHECK_FALSE(changes[1].paused);
    CHECK(changes[1].at == until);
    CHECK_FALSE(bed.engine.job("tick")->paused);
    co_await async::sleep(1h);
    CHECK(bed.slots(SlotResult::skipped).size() == 2);
    CHECK(bed.slots(SlotResult::started).size() == 1);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("a run that used up its retries is told as given up", "[policies]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job flaky = job("flaky", every(1h), ends_with({Outcome::failure}));
    flaky.retry = {.limit = 2, .delay = 10s};
    co_await bed.serve_for(catalog({flaky}), 61min, 1h);
    const auto gave_up = bed.events_of<engine::GaveUp>();
    REQUIRE(gave_up.size() == 1);
    CHECK(gave_up[0].attempts == 3);
  });
}
