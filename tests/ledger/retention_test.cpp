// Old history goes, a little at a time; what must stay stays.
#include <catch2/catch.hpp>

#include <filesystem>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

constexpr std::size_t everything = 10'000;

std::size_t run_count(const TempLedger& temp, const std::string& job) {
  return temp.reader()->runs({.job = job, .outcomes = {}, .since = {}, .limit = everything}).size();
}

std::int64_t count(const TempLedger& temp, const char* sql) {
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  return connection.integer(sql);
}

// Pruning follows a commit; each of these commits gives it the next step.
void let_retention_pass(const TempLedger& temp) {
  for (int commit = 0; commit < 30; ++commit) {
    temp.write(ClockJumped{.at = at(0s), .step = 1s});
    temp.sync();
  }
}

}  // namespace

TEST_CASE("a busy job keeps its newest runs, slots and outputs; a rare one keeps all", "[ledger]") {
  TempLedger temp({.retention = {.keep_runs = 50, .keep_slots = 60, .keep_outputs = 10}});
  write_whole_run(*temp.ledger, "rare", 0s, temp.ledger->next_run_id());
  for (int second = 1; second <= 2000; ++second) {
    const RunId run = temp.ledger->next_run_id();
    temp.write(started_slot("busy", std::chrono::seconds{second}, run));
    temp.write(run_start("busy", std::chrono::seconds{second}, run));
    auto attempt = attempt_end("busy", std::chrono::seconds{second}, run, 1, Outcome::success);
    attempt.standard_output = {.head = "hello\n", .tail = "", .total_bytes = 6, .dropped_bytes = 0};
    temp.write(
        StepEnded{.run = run, .job = "busy", .step = "s", .started_at = at(1s), .ended_at = at(2s), .outcome = {}});
    temp.write(attempt);
    temp.write(run_end("busy", std::chrono::seconds{second}, run, Outcome::success));
    if (second % 50 == 0) temp.sync();
  }
  let_retention_pass(temp);

  // A job is looked at each time that it got 256 rows (two for a run), so it may be over by half as many.
  CHECK(run_count(temp, "busy") >= 50);
  CHECK(run_count(temp, "busy") <= 50 + 128);
  CHECK(count(temp, "SELECT count(*) FROM slots") <= 60 + 128 + 1);
  CHECK(count(temp, "SELECT count(*) FROM attempts") <= 50 + 128 + 1);
  CHECK(count(temp, "SELECT count(*) FROM steps") <= 50 + 128 + 1);
  CHECK(count(temp, "SELECT count(*) FROM outputs WHERE head != x''") >= 10);
  CHECK(count(temp, "SELECT count(*) FROM outputs WHERE head != x''") <= 10 + 128);
  CHECK(count(temp, "SELECT count(*) FROM outputs") == count(temp, "SELECT count(*) FROM attempts") - 1);
  CHECK(count(temp, "SELECT count(*) FROM outputs WHERE total_bytes != 6") == 0);
  CHECK(run_count(temp, "rare") == 1);
  CHECK(temp.reader()->runs({.job = "busy", .outcomes = {}, .since = {}, .limit = 1})[0].run == 2001);
  CHECK(temp.ledger->stats().errors == 0);
}

TEST_CASE("what is too old goes, but not a job's newest run, nor one that still runs", "[ledger]") {
  TempLedger temp({.retention = {.keep_for = 24h}});
  write_whole_run(*temp.ledger, "yearly", 0s, 1);
  temp.write(run_start("endless", 0s, 2));
  for (RunId run = 3; run < 13; ++run) write_whole_run(*temp.ledger, "hourly", 1h * run, run);
  for (RunId run = 13; run < 23; ++run) write_whole_run(*temp.ledger, "hourly", 100h + 1h * run, run);
  temp.sync();
  let_retention_pass(temp);

  CHECK(run_count(temp, "yearly") == 1);
  CHECK(run_count(temp, "endless") == 1);
  CHECK(run_count(temp, "hourly") == 10);
  CHECK(count(temp, "SELECT count(*) FROM slots") == 10);
}

TEST_CASE("a one-shot that is over and old leaves nothing behind, and no start reads it again", "[ledger]") {
  TempLedger temp({.retention = {.keep_for = 24h}});
  temp.write(OneShotAdded{
      .name = "once-1", .due = at(1s), .argv = {"true"}, .working_dir = "", .environment = {}, .by = "", .at = at(0s)});
  write_whole_run(*temp.ledger, "once-1", 1s, 1);
  temp.sync();
  CHECK(temp.reader()->resume().jobs.size() == 1);
  temp.write(OneShotRemoved{.name = "once-1"});
  write_whole_run(*temp.ledger, "daily", 1000h, 2);
  temp.sync();
  CHECK(temp.reader()->resume().jobs.size() == 1);  // only "daily"
  let_retention_pass(temp);
  CHECK(run_count(temp, "once-1") == 0);
  CHECK(count(temp, "SELECT count(*) FROM jobs WHERE name = 'once-1'") == 0);
  CHECK(count(temp, "SELECT count(*) FROM run_totals") == 1);

  write_whole_run(*temp.ledger, "once-1", 1001h, 3);  // the name can come again
  temp.sync();
  CHECK(run_count(temp, "once-1") == 1);
}

TEST_CASE("a file under retention stops growing", "[ledger]") {
  TempLedger temp({.durability = Durability::normal, .retention = {.keep_runs = 100, .keep_slots = 100}});
  auto write_runs = [&, second = 0](int runs) mutable {
    for (int run = 0; run < runs; ++run) {
      write_whole_run(*temp.ledger, "busy", std::chrono::seconds{++second}, temp.ledger->next_run_id());
      if (second % 20 == 0) temp.sync();
    }
    temp.sync();
  };
  write_runs(3000);
  const auto pages_then = count(temp, "SELECT page_count FROM pragma_page_count");
  write_runs(6000);
  CHECK(count(temp, "SELECT page_count FROM pragma_page_count") <= pages_then + pages_then / 10);
}

TEST_CASE("what happened long ago goes, but not what is still so", "[ledger]") {
  TempLedger temp({.retention = {.keep_for = 24h}});
  const auto pause = [&](std::string job, bool paused, Duration when) {
    temp.write(PauseChanged{.job = std::move(job), .paused = paused, .reason = "", .by = "ann", .at = at(when)});
  };
  const auto breaker = [&](std::string job, bool open, Duration when) {
    temp.write(BreakerChanged{.job = std::move(job), .open = open, .at = at(when), .why = ""});
  };
  temp.write(DaemonMark{.what = DaemonMark::What::stopped, .at = at(0s)});
  temp.write(DaemonMark{.what = DaemonMark::What::started, .at = at(1s)});
  temp.write(ZonesChanged{.at = at(1s), .before = "2025a", .now = "2025b"});
  temp.write(ZonesChanged{.at = at(2s), .before = "2025b", .now = "2026a"});
  temp.write(GenerationApplied{.generation = 1, .at = at(1s), .fingerprint = "one"});
  temp.write(GenerationApplied{.generation = 2, .at = at(2s), .fingerprint = "two"});
  pause("over", true, 1s);
  pause("over", false, 2s);
  pause("paused", true, 1s);
  breaker("over", true, 1s);
  breaker("over", false, 2s);
  breaker("open", true, 1s);
  temp.write(JobDeclared{.job = "waits", .fingerprint = "one", .at = at(0s)});
  temp.write(SlotClaimed{.job = "waits", .scheduled_at = at(1s), .at = at(0s)});
  temp.write(SlotClaimed{.job = "gone", .scheduled_at = at(1s), .at = at(0s)});
  write_whole_run(*temp.ledger, "daily", 1000h, 1);
  temp.sync();
  let_retention_pass(temp);

  CHECK(count(temp, "SELECT count(*) FROM daemon_marks WHERE what = 'started'") == 1);
  CHECK(count(temp, "SELECT count(*) FROM daemon_marks") == 1);
  CHECK(count(temp, "SELECT count(*) FROM zone_changes WHERE now = '2026a'") == 1);
  CHECK(count(temp, "SELECT count(*) FROM zone_changes") == 1);
  CHECK(count(temp, "SELECT count(*) FROM generations WHERE generation = 2") == 1);
  CHECK(count(temp, "SELECT count(*) FROM generations") == 1);
  CHECK(count(temp, "SELECT count(*) FROM pause_log WHERE job = 'paused'") == 1);
  CHECK(count(temp, "SELECT count(*) FROM pause_log") == 1);
  CHECK(count(temp, "SELECT count(*) FROM breaker_log WHERE job = 'open'") == 1);
  CHECK(count(temp, "SELECT count(*) FROM breaker_log") == 1);
  const auto claims = temp.reader()->resume().claims;
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].job == "waits");
  CHECK(temp.reader()->resume().paused.size() == 1);
  CHECK(temp.reader()->resume().breakers.size() == 1);
}
