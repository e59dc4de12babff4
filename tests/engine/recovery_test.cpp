// What a new daemon makes of runs that the last one had under way when it was killed. resume_test.cpp has what the
// ledger alone tells.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "support/async_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::Guarantee;
using engine::Leftover;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

namespace {

/// An action whose adopted attempts go on for `span` and end so; nothing: its process has gone.
class Adoptable final : public engine::Action {
 public:
  Adoptable(Duration span, std::optional<Outcome> outcome) : span_(span), outcome_(outcome) {}
  async::Task<Outcome> run(const engine::Attempt&, engine::Report&) const override {
    ++started;
    co_await async::sleep(span_);
    co_return Outcome::success;
  }
  async::Task<std::optional<Outcome>> adopt(const engine::Attempt& attempt, const io::ProcessMark& process,
                                            engine::Report& report) const override {
    adopted.push_back(process.pid);
    attempts.push_back(attempt.number);
    if (!outcome_) co_return std::nullopt;
    co_await async::sleep(span_);
    report.exit_code = 3;
    co_return outcome_;
  }
  std::string_view kind() const noexcept override { return "exec"; }
  std::string describe() const override { return "a program of the test"; }

  mutable int started = 0;
  mutable std::vector<pid_t> adopted;
  mutable std::vector<int> attempts;

 private:
  Duration span_;
  std::optional<Outcome> outcome_;
};

Leftover leftover(const std::string& job, WallTime slot, std::optional<pid_t> pid) {
  Leftover left;
  left.run.started = {.run = 41,
                      .job = job,
                      .trigger = RunTrigger::schedule,
                      .scheduled_at = slot,
                      .started_at = slot,
                      .generation = 1};
  left.run.attempt = 1;
  left.run.attempt_started_at = slot;
  if (pid) left.run.process = io::ProcessMark{.pid = *pid, .start_ticks = 1};
  left.slot_on_record = left.start_on_record = true;
  return left;
}

ledger::AttemptEnded attempt_end(const std::string& job, Outcome outcome) {
  ledger::AttemptEnded ended;
  ended.run = 41;
  ended.job = job;
  ended.outcome = outcome;
  return ended;
}

ledger::JobTotals totals_with_slot(const std::string& job, WallTime slot) {
  ledger::JobTotals totals;
  totals.job = job;
  totals.last_slot = slot;
  return totals;
}

/// The job was last seen at `slot`, whose run is left over.
std::shared_ptr<engine::Past> past_with(Leftover left, bool whole = true) {
  auto past = std::make_shared<engine::Past>();
  ledger::JobTotals totals;
  totals.job = left.run.started.job;
  totals.last_slot = *left.run.started.scheduled_at - (left.slot_on_record ? 0h : 1h);
  past->resume.jobs.push_back(totals);
  past->resume.declared.push_back({.job = totals.job, .fingerprint = totals.job, .at = now() - 100h});
  if (left.start_on_record && !left.end_on_record) past->resume.unfinished.push_back(left.run.started);
  past->left.push_back(std::move(left));
  past->table_is_whole = whole;
  return past;
}

}  // namespace

TEST_CASE("a run that goes on is adopted: it keeps its overlap guard, its timeout and its true end", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action = std::make_shared<Adoptable>(150min, Outcome::failure);
    bed.engine.resume(past_with(leftover("slow", now(), 4711)));
    co_await bed.serve_for(catalog({job("slow", every(1h), action)}), 3h, 1h);
    CHECK(action->adopted == std::vector<pid_t>{4711});
    CHECK(bed.slots(SlotResult::skipped).size() == 2);
    CHECK(bed.slots(SlotResult::skipped)[0].reason == SlotReason::overlap);
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 2);
    CHECK(ended[0].run == 41);
    CHECK(ended[0].outcome == Outcome::failure);
    CHECK(ended[0].exit_code == 3);
    CHECK(bed.ledger.all<ledger::RunStarted>().size() == 1);  // 41 was on record
    CHECK(bed.events_of<engine::RunAdopted>().size() == 1);
  });
}

TEST_CASE("an adopted run that is past its timeout is ended", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", nullptr, std::make_shared<Adoptable>(24h, Outcome::success));
    slow.timeout = 2h;
    bed.engine.resume(past_with(leftover("slow", now() - 90min, 4711)));
    co_await bed.serve_for(catalog({slow}), 29min, 0s);
    CHECK(bed.ledger.all<ledger::RunEnded>().at(0).outcome == Outcome::cancelled);
  });
  run_async([]() -> async::Task<> {
    TestBed bed;
    Job slow = job("slow", nullptr, std::make_shared<Adoptable>(24h, Outcome::success));
    slow.timeout = 2h;
    bed.engine.resume(past_with(leftover("slow", now() - 90min, 4711)));
    co_await bed.serve_for(catalog({slow}), 31min, 0s);
    CHECK(bed.ledger.all<ledger::RunEnded>().at(0).outcome == Outcome::timeout);
  });
}

TEST_CASE("at_most_once: a run whose process has gone is lost, and does not start again", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action = std::make_shared<Adoptable>(1min, std::nullopt);
    bed.engine.resume(past_with(leftover("slow", now(), 4711)));
    co_await bed.serve_for(catalog({job("slow", every(1h), action)}), 30min, 1h);
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].outcome == Outcome::lost);
    CHECK_FALSE(ended[0].message.empty());
    CHECK(action->started == 0);
  });
}

TEST_CASE("at_least_once: a lost run is started once more, and says for whom", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action = std::make_shared<Adoptable>(1min, std::nullopt);
    Job slow = job("slow", every(1h), action);
    slow.guarantee = Guarantee::at_least_once;
    const WallTime slot = now();
    bed.engine.resume(past_with(leftover("slow", slot, 4711)));
    co_await bed.serve_for(catalog({slow}), 30min, 1h);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].trigger == RunTrigger::recovery);
    CHECK(runs[0].scheduled_at == slot);
    CHECK(runs[0].caused_by == 41);
    CHECK(action->started == 1);
    CHECK(bed.slots(SlotResult::started).empty());  // its slot was closed by the lost run
  });
}

TEST_CASE("a run that was killed between its slot and its first attempt starts now, exactly once", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action = std::make_shared<Adoptable>(1min, std::nullopt);
    Leftover left = leftover("slow", now(), std::nullopt);
    left.run.attempt = 0;
    left.slot_on_record = left.start_on_record = false;  // none of it had become durable
    bed.engine.resume(past_with(left));
    co_await bed.serve_for(catalog({job("slow", every(1h), action)}), 30min, 1h);
    CHECK(action->started == 1);
    REQUIRE(bed.slots(SlotResult::started).size() == 1);
    CHECK(bed.slots(SlotResult::started)[0].run == 41);
    CHECK(bed.slots_closed() == 1);
    CHECK(bed.ledger.all<ledger::RunEnded>().at(0).outcome == Outcome::success);
  });
}

TEST_CASE("an end that only the table knows is brought to the ledger", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    Leftover left = leftover("slow", now(), 4711);
    left.run.attempt_ended = attempt_end("slow", Outcome::success);
    ledger::RunEnded ended;
    ended.run = 41;
    ended.job = "slow";
    ended.started_at = ended.ended_at = now();
    left.run.ended = ended;
    bed.engine.resume(past_with(left));
    co_await bed.serve_for(catalog({job("slow", every(1h), takes(0s))}), 30min, 1h);
    REQUIRE(bed.ledger.all<ledger::RunEnded>().size() == 1);
    CHECK(bed.ledger.all<ledger::RunEnded>()[0].outcome == Outcome::success);
    CHECK(bed.ledger.all<ledger::AttemptEnded>().size() == 1);
    CHECK(bed.ledger.all<ledger::SlotClosed>().empty());
  });
}

TEST_CASE("a run that waited for its next attempt goes on with that one", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    const auto action = std::make_shared<Adoptable>(1min, std::nullopt);
    Leftover left = leftover("flaky", now(), 4711);
    left.run.attempt_ended = attempt_end("flaky", Outcome::failure);
    left.attempts_on_record = 1;
    Job flaky = job("flaky", every(1h), action);
    flaky.retry = {.limit = 3, .delay = 5min};
    bed.engine.resume(past_with(left));
    co_await bed.serve_for(catalog({flaky}), 30min, 1h);
    CHECK(action->started == 1);
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].attempts == 2);
    CHECK(ended[0].outcome == Outcome::success);
  });
}

TEST_CASE("a run of a job that is declared no more is supervised to its end", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    bed.engine.resume(past_with(leftover("gone", now(), 4711)));
    co_await bed.serve_for(catalog({}), 1h, 1h);
    const auto ended = bed.ledger.all<ledger::RunEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].run == 41);
    CHECK(bed.events_of<engine::RunAdopted>().size() == 1);
    CHECK(bed.engine.jobs(10).empty());
  });
}

TEST_CASE("a claim without a run is made up for when the table says that it never started", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<engine::Past>();
    const WallTime slot = now() - 1min;
    past->resume.declared.push_back({.job = "once", .fingerprint = "once", .at = now() - 100h});
    past->resume.jobs.push_back(totals_with_slot("once", slot - 1h));
    past->resume.claims.push_back({.job = "once", .scheduled_at = slot, .at = slot - 1s});
    past->table_is_whole = true;
    bed.engine.resume(past);
    Job once = job("once", std::make_shared<time::EveryTrigger>(1h, slot));
    once.on_missed = engine::OnMissed::run_once;
    co_await bed.serve_for(catalog({once}), 30min, 1h);
    REQUIRE(bed.ledger.all<ledger::RunStarted>().size() == 1);
    CHECK(bed.ledger.all<ledger::RunStarted>()[0].trigger == RunTrigger::catchup);
    CHECK(bed.slots_closed() == 1);
  });
}

// Computing its slots takes that long.
class SlowTrigger final : public time::Trigger {
 public:
  SlowTrigger(async::ManualClock& clock, Duration takes) : clock_(clock), takes_(takes) {}
  std::optional<WallTime> next(WallTime) const noexcept override {
    clock_.advance(takes_);
    return std::nullopt;
  }
  std::optional<WallTime> previous(WallTime) const noexcept override { return std::nullopt; }
  std::string describe() const override { return "never"; }
  std::string normalise() const override { return "never"; }

 private:
  async::ManualClock& clock_;
  Duration takes_;
};

TEST_CASE("a claimed slot that becomes due while the first generation is put into force starts once", "[recovery]") {
  const bool continued = GENERATE(false, true);
  run_async([&]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<engine::Past>();
    const WallTime slot = now() + 1ms;
    past->resume.declared.push_back({.job = "claimed", .fingerprint = "claimed", .at = now() - 100h});
    past->resume.jobs.push_back(totals_with_slot("claimed", slot - 1h));
    past->resume.claims.push_back({.job = "claimed", .scheduled_at = slot, .at = slot - 1s});
    past->table_is_whole = true;
    past->continued = continued;
    bed.engine.resume(past);
    Job once = job("claimed", std::make_shared<time::EveryTrigger>(1h, slot));
    once.on_missed = engine::OnMissed::run_once;
    async::ManualClock& clock = *async::Loop::current().clock().manual();
    co_await bed.serve_for(catalog({once, job("slow", std::make_shared<SlowTrigger>(clock, 2ms))}), 30min, 1h);
    REQUIRE(bed.ledger.all<ledger::RunStarted>().size() == 1);
    CHECK(bed.ledger.all<ledger::RunStarted>()[0].trigger == RunTrigger::schedule);
    CHECK(bed.slots_closed() == 1);
  });
}

TEST_CASE("a claim without a run and without a table is in doubt, and does not run", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<engine::Past>();
    const WallTime slot = now() - 1min;
    past->resume.declared.push_back({.job = "once", .fingerprint = "once", .at = now() - 100h});
    past->resume.jobs.push_back(totals_with_slot("once", slot - 1h));
    past->resume.claims.push_back({.job = "once", .scheduled_at = slot, .at = slot - 1s});
    bed.engine.resume(past);
    Job once = job("once", std::make_shared<time::EveryTrigger>(1h, slot));
    once.on_missed = engine::OnMissed::run_once;
    co_await bed.serve_for(catalog({once}), 30min, 1h);
    CHECK(bed.ledger.all<ledger::RunStarted>().empty());
    REQUIRE(bed.slots(SlotResult::missed).size() == 1);
    CHECK(bed.slots(SlotResult::missed)[0].reason == SlotReason::in_doubt);
    CHECK(bed.slots_closed() == 1);
  });
}

TEST_CASE("over an upgrade a slot is late, not missed, and one that waited goes on waiting", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = std::make_shared<engine::Past>();
    const WallTime slot = now() - 1s;
    for (const char* name : {"due", "waited"}) {
      past->resume.declared.push_back({.job = name, .fingerprint = name, .at = now() - 100h});
      past->resume.jobs.push_back(totals_with_slot(name, slot - 1h));
    }
    past->resume.claims.push_back({.job = "waited", .scheduled_at = slot, .at = slot});
    past->table_is_whole = true;
    past->continued = true;
    bed.engine.resume(past);
    const auto hourly = std::make_shared<time::EveryTrigger>(1h, slot);
    co_await bed.serve_for(catalog({job("due", hourly), job("waited", hourly)}), 30min, 1h);  // on_missed: skip
    CHECK(bed.slots(SlotResult::missed).empty());
    CHECK(bed.slots(SlotResult::started).size() == 2);
    for (const auto& run : bed.ledger.all<ledger::RunStarted>()) {
      CHECK(run.trigger == RunTrigger::schedule);
      CHECK(run.scheduled_at == slot);
    }
  });
}

TEST_CASE("the table knows of a run before anything of it happens, and forgets it when its end is durable",
          "[recovery]") {
  run_async([]() -> async::Task<> {
    const TempDir folder;
    const auto table =
        ledger::LiveRuns::open((folder.path() / "ledger.db").string(), {.folder = folder.path(), .boot = "this one"});
    TestBed bed(table.get());
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    bed.engine.apply(catalog({job("tick", every(1h), takes(5min))}));
    co_await async::sleep(61min);
    REQUIRE(table->left().size() == 1);
    CHECK(table->left()[0].attempt == 1);
    CHECK_FALSE(table->left()[0].ended);
    co_await async::sleep(10min);
    CHECK(table->size() == 0);
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}
