#include "engine/run.hpp"

#include <catch2/catch.hpp>

#include "async/event.hpp"
#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;

namespace {

/// Carries out one run of `job` by itself.
struct RunBed {
  RecordingLedger ledger;
  engine::EventStream events;
  engine::Recorder recorder{ledger, events, nullptr};

  std::unique_ptr<engine::Run> make(Job job) {
    return std::make_unique<engine::Run>(
        std::make_shared<const Job>(std::move(job)),
        engine::Launch{.run = 7, .trigger = ledger::RunTrigger::manual, .scheduled_at = std::nullopt}, 1, std::nullopt,
        recorder);
  }
};

std::shared_ptr<const engine::Action> fails_until(int attempt) {
  return std::make_shared<FunctionAction>(
      [attempt](const engine::Attempt& now, engine::Report& report) -> async::Task<Outcome> {
        report.exit_code = now.number < attempt ? 1 : 0;
        co_return now.number < attempt ? Outcome::failure : Outcome::success;
      });
}

}  // namespace

TEST_CASE("a run that succeeds at once has one attempt on record", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    const auto run = bed.make(job("j", nullptr, takes(3s)));
    const ledger::RunEnded ended = co_await run->carry_out();
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.attempts == 1);
    CHECK(ended.ended_at - ended.started_at == 3s);
    REQUIRE(bed.ledger.all<ledger::RunStarted>().size() == 1);
    REQUIRE(bed.ledger.all<ledger::AttemptEnded>().size() == 1);
  });
}

TEST_CASE("a run that fails twice and then succeeds is a success of three attempts", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    Job flaky = job("flaky", nullptr, fails_until(3));
    flaky.retry = {.limit = 5, .delay = 10s, .backoff = 2};
    const auto run = bed.make(std::move(flaky));
    const ledger::RunEnded ended = co_await run->carry_out();
    CHECK(ended.outcome == Outcome::success);
    CHECK(ended.attempts == 3);
    CHECK(ended.exit_code == 0);
    CHECK(ended.ended_at - ended.started_at == 30s);  // 10 s and 20 s of patience
    const auto attempts = bed.ledger.all<ledger::AttemptEnded>();
    REQUIRE(attempts.size() == 3);
    CHECK(attempts[0].outcome == Outcome::failure);
    CHECK(attempts[1].outcome == Outcome::failure);
    CHECK(attempts[2].outcome == Outcome::success);
    CHECK(attempts[2].attempt == 3);
  });
}

TEST_CASE("an attempt past its timeout is ended, recorded and tried again", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    Job slow = job("slow", nullptr, takes(1h));
    slow.timeout = 5s;
    slow.retry = {.limit = 1, .delay = 1s};
    const auto run = bed.make(std::move(slow));
    const ledger::RunEnded ended = co_await run->carry_out();
    CHECK(ended.outcome == Outcome::timeout);
    CHECK(ended.attempts == 2);
    CHECK(ended.message == "ran past its timeout of 5s and was ended");
    CHECK(ended.ended_at - ended.started_at == 11s);
  });
}

TEST_CASE("an exception of an action is a failure with its text", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    auto throws = std::make_shared<FunctionAction>([](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
      throw std::runtime_error("the disk is on fire");
      co_return Outcome::success;
    });
    const auto run = bed.make(job("j", nullptr, throws));
    const ledger::RunEnded ended = co_await run->carry_out();
    CHECK(ended.outcome == Outcome::failure);
    CHECK(ended.message == "the disk is on fire");
  });
}

TEST_CASE("a cancelled run ends its action, keeps what it reported and makes no further attempt", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    async::Event begun;
    Job endless = job("endless", nullptr,
                      std::make_shared<FunctionAction>(
                          [&begun](const engine::Attempt&, engine::Report& report) -> async::Task<Outcome> {
                            report.standard_output.head = "half a line";
                            begun.set();
                            co_await async::sleep(24h);
                            co_return Outcome::success;
                          }));
    endless.retry = {.limit = 3};
    const auto run = bed.make(std::move(endless));
    auto carried = async::spawn(run->carry_out(), async::SpawnOptions("run"));
    co_await begun.wait();
    run->cancel(async::CancelReason::user, "cancelled by ada");
    const ledger::RunEnded ended = co_await std::move(carried).join();
    CHECK(ended.outcome == Outcome::cancelled);
    CHECK(ended.message == "cancelled by ada");
    const auto attempts = bed.ledger.all<ledger::AttemptEnded>();
    REQUIRE(attempts.size() == 1);
    CHECK(attempts[0].outcome == Outcome::cancelled);
    CHECK(attempts[0].standard_output.head == "half a line");
  });
}

TEST_CASE("a run that waits for its next attempt can be cancelled there", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    async::Event waiting;
    bed.events.subscribe([&](const engine::Event& event) {
      if (std::holds_alternative<engine::RetryPlanned>(event)) waiting.set();
    });
    Job failing = job("failing", nullptr, fails_until(99));
    failing.retry = {.limit = 3, .delay = 1h, .max_delay = 1h};
    const auto run = bed.make(std::move(failing));
    auto carried = async::spawn(run->carry_out(), async::SpawnOptions("run"));
    co_await waiting.wait();
    CHECK(run->info().retry_at.has_value());
    run->cancel(async::CancelReason::shutdown, "ended because belfryd shut down");
    const ledger::RunEnded ended = co_await std::move(carried).join();
    CHECK(ended.outcome == Outcome::cancelled);
    CHECK(ended.attempts == 1);
  });
}

TEST_CASE("what failed for good is not tried again", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    Job rejected = job(
        "rejected", nullptr,
        std::make_shared<FunctionAction>([](const engine::Attempt&, engine::Report& report) -> async::Task<Outcome> {
          report.for_good = true;
          co_return Outcome::failure;
        }));
    rejected.retry = {.limit = 5, .delay = 10s, .backoff = 2};
    const auto run = bed.make(std::move(rejected));
    const ledger::RunEnded ended = co_await run->carry_out();
    CHECK(ended.outcome == Outcome::failure);
    CHECK(ended.attempts == 1);
  });
}

TEST_CASE("a run shows what its steps wait for, and takes the answer", "[run]") {
  run_async([]() -> async::Task<> {
    RunBed bed;
    const auto run = bed.make(job(
        "asks", nullptr,
        std::make_shared<FunctionAction>([](const engine::Attempt& attempt, engine::Report&) -> async::Task<Outcome> {
          const auto answer = co_await attempt.approvals->ask(
              {.step = "gate", .message = "go on?", .since = attempt.started_at, .until = std::nullopt});
          co_return answer.approved ? Outcome::success : Outcome::failure;
        })));
    const auto ended = async::spawn(run->carry_out(), "run");
    co_await async::sleep(1h);
    REQUIRE(run->info().approvals.size() == 1);
    CHECK(run->info().approvals[0].message == "go on?");
    CHECK(run->decide("gate", {.approved = true, .by = "7", .uid = 7}) == "gate");
    CHECK(run->info().approvals.empty());
    const auto again = run->decide("gate", {.approved = false, .by = "root"});
    REQUIRE_FALSE(again);
    CHECK(again.error().message == "step \"gate\" of run 7 was approved by 7");
    co_await async::sleep(1s);
    CHECK(bed.ledger.all<ledger::AttemptEnded>().at(0).outcome == Outcome::success);
  });
}
