// Where the time went between the due instant of a run and its process.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;

namespace {

class SlowAnswer final : public engine::Precondition {
 public:
  explicit SlowAnswer(Duration span) : span_(span) {}
  async::Task<std::optional<std::string>> objection() const override {
    co_await async::sleep(span_);
    co_return std::nullopt;
  }

 private:
  Duration span_;
};

/// As a program: there is a process some time after the attempt began.
std::shared_ptr<const engine::Action> launched_after(Duration span) {
  return std::make_shared<FunctionAction>(
      [span](const engine::Attempt& attempt, engine::Report& report) -> async::Task<Outcome> {
        co_await async::sleep(span);
        report.launched({});
        co_await async::sleep(1s);
        co_return attempt.number == 1 ? Outcome::failure : Outcome::success;
      });
}

ledger::RunStarted newest_start(const TestBed& bed) { return bed.ledger.all<ledger::RunStarted>().back(); }

}  // namespace

TEST_CASE("a run that waits for its turn, then for its precondition, has each in its record") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto first = std::make_shared<Duration>(70min);
    Job slow =
        job("slow", every(1h),
            std::make_shared<FunctionAction>([first](const engine::Attempt&, engine::Report&) -> async::Task<Outcome> {
              co_await async::sleep(std::exchange(*first, 0s));
              co_return Outcome::success;
            }));
    slow.overlap = engine::Overlap::queue;
    slow.precondition = std::make_shared<SlowAnswer>(20s);
    co_await bed.serve_for(catalog({std::move(slow)}), 2h + 15min);
    const ledger::RunStarted run = newest_start(bed);
    CHECK(run.waits == ledger::StartWaits{.queue = 10min + 20s, .precondition = 20s, .ledger = 0s});
    CHECK(run.started_at - *run.scheduled_at == run.waits.sum());
  });
}

TEST_CASE("what the loop is late by is in no wait") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    while (!bed.engine.serving()) co_await async::yield();
    bed.engine.apply(catalog({job("tick", every(1h))}));
    co_await async::sleep(59min);
    testing::test_clock().advance(61s);  // as a loop that is stuck
    co_await testing::settle();
    CHECK(newest_start(bed).waits == ledger::StartWaits{});
    CHECK(newest_start(bed).started_at - *newest_start(bed).scheduled_at == 1s);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("the launch of the first attempt is told, also of what has no process; that of a retry is not") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job program = job("program", nullptr, launched_after(30ms));
    program.retry = {.limit = 1, .delay = 1s};
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    while (!bed.engine.serving()) co_await async::yield();
    bed.engine.apply(catalog({std::move(program), job("function", nullptr, takes(1min))}));
    bed.engine.run_now("program");
    bed.engine.run_now("function");
    co_await async::sleep(2min);
    for (const ledger::AttemptEnded& attempt : bed.ledger.all<ledger::AttemptEnded>()) {
      if (attempt.job == "function") CHECK(attempt.launch == Duration(0s));
      if (attempt.job == "program" && attempt.attempt == 1) CHECK(attempt.launch == Duration(30ms));
      if (attempt.attempt == 2) CHECK_FALSE(attempt.launch);
    }
    CHECK(bed.ledger.all<ledger::AttemptEnded>().size() == 3);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}
