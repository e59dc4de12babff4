// What only the table of live runs knew comes to the ledger late: slots out of their order, ends, repetitions. A daemon
// may be killed before it, or between it and what follows from it.

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "support/async_fixture.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace belfry::test;
using belfry::testing::run_async;
using engine::Leftover;
using ledger::RunTrigger;
using ledger::SlotResult;

namespace {

/// A run that the table knows, and the ledger does not.
Leftover unknown_run(std::string job, WallTime slot, ledger::RunId run = 41) {
  Leftover left;
  left.run.started = {.run = run,
                      .job = std::move(job),
                      .trigger = RunTrigger::schedule,
                      .scheduled_at = slot,
                      .started_at = slot,
                      .generation = 1};
  return left;
}

void end(Leftover& left, WallTime at, Outcome outcome) {
  left.run.ended = ledger::RunEnded{.run = left.run.started.run,
                                    .job = left.run.started.job,
                                    .trigger = left.run.started.trigger,
                                    .scheduled_at = left.run.started.scheduled_at,
                                    .started_at = left.run.started.started_at,
                                    .ended_at = at,
                                    .outcome = outcome,
                                    .exit_code = std::nullopt,
                                    .signal = std::nullopt,
                                    .attempts = 1,
                                    .message = {}};
}

std::shared_ptr<engine::Past> past_of(const std::vector<std::string>& jobs) {
  auto past = std::make_shared<engine::Past>();
  for (const std::string& job : jobs) {
    past->resume.declared.push_back({.job = job, .fingerprint = job, .at = now() - 100h});
  }
  past->table_is_whole = true;
  return past;
}

Job driven(std::string name, const std::string& upstream) {
  Job made = job(std::move(name), nullptr);
  made.depends_on = {{.job = upstream, .on = engine::DependencyEnd::success}};
  return made;
}

int runs_of(const TestBed& bed, std::string_view job) {
  const auto runs = bed.ledger.all<ledger::RunStarted>();
  return static_cast<int>(std::ranges::count(runs, job, &ledger::RunStarted::job));
}

}  // namespace

TEST_CASE("a slot that comes to the ledger late hides none of those missed before it, whoever is killed meanwhile",
          "[recovery]") {
  run_async([]() -> async::Task<> {
    const TempDir folder;
    const std::string path = (folder.path() / "ledger.db").string();
    const WallTime begin = now() - 6h;
    auto late = unknown_run("tick", now() - 1h);
    end(late, now() - 1h, Outcome::success);
    const auto jobs = catalog({job("tick", every(1h))});
    {  // of the first daemon: what it had missed after this slot, and its late run, were lost when it was killed
      const auto ledger = ledger::SqliteLedger::open(path, {});
      ledger->write(ledger::JobDeclared{.job = "tick", .fingerprint = "tick", .at = begin - 1h});
      ledger->write(ledger::SlotClosed{
          .job = "tick", .scheduled_at = begin, .last_scheduled_at = begin, .run = std::nullopt, .closed_at = begin});
    }
    {  // the second one brings the run to the ledger, and is killed before any slot of its own
      const auto ledger = ledger::SqliteLedger::open(path, {});
      engine::EventStream events;
      engine::Engine engine(*ledger, events, {});
      auto past = engine::read_past(*ledger->open_reader(), {late.run}, true);
      engine.resume(std::make_shared<const engine::Past>(std::move(past)));
    }
    const auto ledger = ledger::SqliteLedger::open(path, {});
    TestBed third;
    auto past = engine::read_past(*ledger->open_reader(), {}, true);
    CHECK(past.resume.jobs.at(0).last_slot == begin);
    third.engine.resume(std::make_shared<const engine::Past>(std::move(past)));
    co_await third.serve_for(jobs, 30min);
    std::vector<WallTime> missed;
    for (const ledger::SlotClosed& slot : third.slots(SlotResult::missed)) {
      for (WallTime due = slot.scheduled_at; due <= slot.last_scheduled_at; due += 1h) missed.push_back(due);
    }
    CHECK(missed == std::vector<WallTime>{begin + 1h, begin + 2h, begin + 3h, begin + 4h, begin + 6h});
  });
}

TEST_CASE("the table of a daemon that is killed before it has settled what a power cut left is not whole",
          "[recovery]") {
  run_async([]() -> async::Task<> {
    const TempDir folder;
    const std::string path = (folder.path() / "ledger.db").string();
    const ledger::LiveRunsOptions options{.folder = folder.path(), .boot = "the second one"};
    const auto past = [] {
      auto made = past_of({"once"});
      made->resume.last_mark = {.what = ledger::DaemonMark::What::started, .at = now() - 1h};
      made->resume.claims.push_back({.job = "once", .scheduled_at = now() - 1min, .at = now() - 61s});
      return made;
    };
    {
      const auto table = ledger::LiveRuns::open(path, options);
      table->begin(unknown_run("other", now()).run.started);  // so that the file stays, as after a kill
      TestBed killed(table.get());
      killed.engine.resume(past());
    }
    const auto table = ledger::LiveRuns::open(path, options);
    CHECK_FALSE(table->is_whole());
    TestBed bed(table.get());
    bed.engine.resume(past());
    async::JoinHandle<void> serving = async::spawn(bed.engine.serve(), async::SpawnOptions("engine"));
    while (!bed.engine.serving()) co_await async::yield();
    bed.engine.apply(catalog({job("once", every(7 * 24h))}));
    co_await async::sleep(2s);
    CHECK(ledger::LiveRuns::open(path, options)->is_whole());
    co_await bed.engine.drain(0s);
    co_await std::move(serving).join();
  });
}

TEST_CASE("an end that only the table knows sets going what depends on it", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"extract", "load"});
    past->left.push_back(unknown_run("extract", now() - 2h));
    end(past->left.back(), now() - 1h, Outcome::success);
    bed.engine.resume(past);
    co_await bed.serve_for(catalog({job("extract", every(7 * 24h)), driven("load", "extract")}), 1s);
    CHECK(runs_of(bed, "load") == 1);
  });
}

TEST_CASE("what has followed from an end already does not follow again", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"extract", "load"});
    past->left.push_back(unknown_run("extract", now() - 2h));
    end(past->left.back(), now() - 1h, Outcome::success);
    past->left.push_back(unknown_run("load", now() - 1h, 42));
    past->left.back().run.started.trigger = RunTrigger::dependency;
    end(past->left.back(), now() - 1h, Outcome::success);
    bed.engine.resume(past);
    co_await bed.serve_for(catalog({job("extract", every(7 * 24h)), driven("load", "extract")}), 1s);
    CHECK(runs_of(bed, "load") == 1);  // the one that was brought to the ledger
  });
}

TEST_CASE("of ends that only the table knows the last one in time counts, and what followed from it stays alone",
          "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"extract", "load"});
    past->left.push_back(unknown_run("extract", now() - 3h, 41));
    end(past->left.back(), now() - 1h, Outcome::success);
    past->left.push_back(unknown_run("extract", now() - 2h, 42));
    end(past->left.back(), now() - 90min, Outcome::failure);
    bed.engine.resume(past);
    co_await bed.serve_for(catalog({job("extract", every(7 * 24h)), driven("load", "extract")}), 1s);
    CHECK(bed.engine.job("extract")->last_outcome == Outcome::success);
    CHECK(runs_of(bed, "load") == 1);
  });
}

TEST_CASE("a run that is closed as lost once more is not followed once more", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"extract", "load"});
    past->resume.unfinished.push_back(unknown_run("extract", now() - 2h, 41).run.started);
    past->left.push_back(unknown_run("load", now() - 1h, 42));
    past->left.back().run.started.trigger = RunTrigger::dependency;
    past->left.back().run.started.caused_by = 41;
    end(past->left.back(), now() - 1h, Outcome::success);
    bed.engine.resume(past);
    Job load = driven("load", "extract");
    load.depends_on[0].on = engine::DependencyEnd::done;
    co_await bed.serve_for(catalog({job("extract", every(7 * 24h)), load}), 1s);
    CHECK(runs_of(bed, "load") == 1);
    const auto ends = bed.ledger.all<ledger::RunEnded>();
    const auto lost = std::ranges::find(ends, 41, &ledger::RunEnded::run);
    REQUIRE(lost != ends.end());
    CHECK(lost->outcome == Outcome::lost);
    CHECK(lost->ended_at == past->left[0].run.started.scheduled_at);  // or the next daemon would take it for newer
  });
}

TEST_CASE("a one-shot runs although an earlier one of its name is in the table", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({});
    past->left.push_back(unknown_run("one-shot-1", now() - 2h));
    end(past->left.back(), now() - 1h, Outcome::success);
    past->resume.one_shots.push_back({.name = "one-shot-1",
                                      .due = now() + 1min,
                                      .argv = {"true"},
                                      .working_dir = {},
                                      .environment = {},
                                      .by = "ada",
                                      .at = now()});
    bed.engine.resume(past);
    co_await bed.serve_for(catalog({}), 2min);
    CHECK(bed.one_shots_run == std::vector<std::string>{"one-shot-1"});
  });
}

TEST_CASE("a table that is begun after an orderly stop is whole from the start", "[recovery]") {
  run_async([]() -> async::Task<> {
    const TempDir folder;
    const auto table = ledger::LiveRuns::open((folder.path() / "ledger.db").string(), {.folder = folder.path()});
    table->begin(unknown_run("other", now()).run.started);  // so that the file stays, as after a kill
    TestBed bed(table.get());
    auto past = past_of({});
    past->resume.last_mark = {.what = ledger::DaemonMark::What::stopped, .at = now() - 1h};
    bed.engine.resume(past);
    CHECK(ledger::LiveRuns::open((folder.path() / "ledger.db").string(), {.folder = folder.path()})->is_whole());
    co_return;
  });
}

TEST_CASE("an end that only the table knows counts as the job's last one", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"tick"});
    past->left.push_back(unknown_run("tick", now() - 30min));
    end(past->left.back(), now() - 20min, Outcome::failure);
    bed.engine.resume(past);
    co_await bed.serve_for(catalog({job("tick", every(7 * 24h))}), 1s);
    const auto status = bed.engine.job("tick");
    REQUIRE(status);
    CHECK(status->last_outcome == Outcome::failure);
    CHECK(status->consecutive_failures == 1);
    CHECK(bed.engine.unanswered_since("tick") == past->left[0].run.started.started_at);
  });
}

TEST_CASE("a lost run is repeated once: what repeats it may be in the table alone", "[recovery]") {
  const bool loss_on_record = GENERATE(true, false);
  const bool repeated = GENERATE(true, false);
  CAPTURE(loss_on_record, repeated);
  run_async([&]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"tick"});
    Leftover lost = unknown_run("tick", now() - 30min);
    if (loss_on_record) {
      past->resume.unrepeated.push_back(lost.run.started);
    } else {
      end(lost, now() - 20min, Outcome::lost);
      past->left.push_back(lost);
    }
    if (repeated) {
      Leftover repetition = unknown_run("tick", now() - 30min, 42);
      repetition.run.started.trigger = RunTrigger::recovery;
      repetition.run.started.caused_by = 41;
      end(repetition, now() - 10min, Outcome::success);
      past->left.push_back(repetition);
    }
    bed.engine.resume(past);
    Job tick = job("tick", every(7 * 24h));
    tick.guarantee = engine::Guarantee::at_least_once;
    co_await bed.serve_for(catalog({tick}), 1s);
    const auto runs = bed.ledger.all<ledger::RunStarted>();
    CHECK(std::ranges::count(runs, RunTrigger::recovery, &ledger::RunStarted::trigger) == 1);
  });
}

TEST_CASE("what depends on a lost run that is repeated waits for the repetition", "[recovery]") {
  run_async([]() -> async::Task<> {
    TestBed bed;
    auto past = past_of({"extract", "load"});
    past->resume.unfinished.push_back(unknown_run("extract", now() - 2h).run.started);
    bed.engine.resume(past);
    Job extract = job("extract", every(7 * 24h), takes(1min));
    extract.guarantee = engine::Guarantee::at_least_once;
    co_await bed.serve_for(catalog({extract, driven("load", "extract")}), 10min);
    CHECK(bed.slots(SlotResult::skipped).empty());
    CHECK(runs_of(bed, "load") == 1);
  });
}
