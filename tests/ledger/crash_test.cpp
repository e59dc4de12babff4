// A process that is killed in the middle of writing loses nothing that was acknowledged, and leaves a sound file.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>

#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

constexpr SqliteOptions keep_all{.retention = {.keep_runs = 1'000'000, .keep_slots = 1'000'000}};

// The child: writes whole runs and reports down the pipe the last one that is durable, until it is killed.
[[noreturn]] void write_until_killed(const std::string& path, int pipe) {
  const auto ledger = SqliteLedger::open(path, keep_all);
  for (;;) {
    RunId run = 0;
    for (int burst = 0; burst < 7; ++burst) {
      run = ledger->next_run_id();
      write_whole_run(*ledger, "job-" + std::to_string(run % 5), std::chrono::seconds{run}, run);
    }
    ledger->when_durable([run, pipe] {
      if (::write(pipe, &run, sizeof run) != sizeof run) ::_exit(1);
    });
  }
}

RunId read_run(int pipe) {
  RunId run = 0;
  REQUIRE(::read(pipe, &run, sizeof run) == sizeof run);
  return run;
}

// Kills the child after it has acknowledged at least `runs` more; gives the last run that it acknowledged.
RunId crash_after(const std::string& path, RunId runs) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, ends[1]);
  }
  ::close(ends[1]);
  RunId acknowledged = read_run(ends[0]);
  const RunId enough = acknowledged + runs;
  while (acknowledged < enough) acknowledged = read_run(ends[0]);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  RunId more = 0;
  while (::read(ends[0], &more, sizeof more) == sizeof more) acknowledged = more;
  ::close(ends[0]);
  return acknowledged;
}

}  // namespace

TEST_CASE("after SIGKILL every acknowledged entry is there and the file is sound", "[ledger]") {
  belfry::test::TempDir folder;
  const std::string path = (folder / "ledger.db").string();
  RunId acknowledged = 0;
  for (int crash = 0; crash < 8; ++crash) {
    acknowledged = crash_after(path, 100 + 90 * crash);

    const auto ledger = SqliteLedger::open(path, keep_all);  // the dead process holds no lock
    sqlite::Connection connection(path, sqlite::Mode::read_only);
    CHECK(connection.text("PRAGMA integrity_check") == "ok");
    const auto count = [&](const std::string& sql) { return connection.integer(sql.c_str()); };
    const std::string upto = std::to_string(acknowledged);
    CHECK(count("SELECT count(*) FROM slots WHERE run_id <= " + upto) == acknowledged);
    CHECK(count("SELECT count(*) FROM runs WHERE outcome = 'success' AND id <= " + upto) == acknowledged);
    CHECK(count("SELECT count(*) FROM attempts WHERE run_id <= " + upto) == acknowledged);
    CHECK(count("SELECT sum(runs) FROM run_totals") == count("SELECT count(*) FROM runs WHERE outcome IS NOT NULL"));
    CHECK(count("SELECT sum(slots) FROM slot_totals") == count("SELECT count(*) FROM slots"));

    // The next process goes on from here: what the dead one had begun is closed, as the engine does it.
    for (const RunStarted& run : ledger->open_reader()->resume().unfinished) {
      CHECK(run.run > acknowledged);
      ledger->write(attempt_end(run.job, 0s, run.run, 1, Outcome::lost));
      ledger->write(run_end(run.job, 0s, run.run, Outcome::success));
    }
    const RunId next = ledger->next_run_id();
    CHECK(next > acknowledged);
    for (RunId run = count("SELECT max(id) FROM runs") + 1; run < next; ++run) {
      ledger->write(run_end("job-0", 0s, run, Outcome::success));  // its slot became durable, its start did not
      ledger->write(attempt_end("job-0", 0s, run, 1, Outcome::success));
    }
  }
}
