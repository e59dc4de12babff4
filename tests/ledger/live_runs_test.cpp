#include "ledger/live_runs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "io/output_mirror.hpp"
#include "ledger/error.hpp"
#include "ledger/local_id.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;
using belfry::io::OutputMirror;
using belfry::io::ProcessMark;

namespace {

// The table of a ledger that is never opened, in a folder of its own.
struct Table {
  belfry::test::TempDir folder;
  std::string ledger = (folder / "ledger.db").string();
  LiveRunsOptions options{.folder = folder.path(), .boot = "this boot"};

  std::unique_ptr<LiveRuns> open() const { return LiveRuns::open(ledger, options); }
};

RunStarted a_run(RunId run, std::string job = "job") {
  return {.run = run,
          .job = std::move(job),
          .trigger = RunTrigger::manual,
          .scheduled_at = std::nullopt,
          .started_at = at(0s)};
}

void print(LiveRuns& table, RunId run, std::string_view text) { OutputMirror(table.output(run)[0]).append(text); }

}  // namespace

TEST_CASE("the next daemon finds what runs, its process and what it printed", "[live_runs]") {
  const Table files;
  {
    const auto table = files.open();
    CHECK(table->left().empty());
    CHECK(table->begin({.run = 7,
                        .job = "backup",
                        .trigger = RunTrigger::catchup,
                        .scheduled_at = at(1s),
                        .started_at = at(2s),
                        .generation = 3,
                        .caused_by = 5,
                        .waits = {.queue = 3s, .precondition = 4s, .ledger = 5s}}));
    CHECK(table->begin(a_run(9, "by-hand")));
    table->attempt(7, 1, at(2s));
    table->launched(7, {.pid = 4711, .start_ticks = 12345});
    print(*table, 7, "half done");
  }
  const auto table = files.open();
  const auto left = table->left();
  REQUIRE(left.size() == 2);
  CHECK(left[0].started.run == 7);
  CHECK(left[0].started.job == "backup");
  CHECK(left[0].started.trigger == RunTrigger::catchup);
  CHECK(left[0].started.scheduled_at == at(1s));
  CHECK(left[0].started.started_at == at(2s));
  CHECK(left[0].started.generation == 3);
  CHECK(left[0].started.caused_by == 5);
  CHECK(left[0].started.waits == StartWaits{.queue = 3s, .precondition = 4s, .ledger = 5s});
  CHECK(left[0].attempt == 1);
  CHECK(left[0].attempt_started_at == at(2s));
  CHECK(left[0].process == ProcessMark{.pid = 4711, .start_ticks = 12345});
  CHECK_FALSE(left[0].attempt_ended);
  CHECK_FALSE(left[0].ended);
  CHECK(OutputMirror(table->output(7)[0]).read().head == "half done");
  CHECK(left[1].started.job == "by-hand");
  CHECK_FALSE(left[1].started.scheduled_at);
  CHECK_FALSE(left[1].started.caused_by);
  CHECK(left[1].attempt == 0);
  CHECK_FALSE(left[1].process);
  CHECK(table->newest_run() == 9);
}

TEST_CASE("a retry has a process and an output of its own", "[live_runs]") {
  const Table files;
  {
    const auto table = files.open();
    table->begin(a_run(1));
    table->attempt(1, 1, at(1s));
    table->launched(1, {.pid = 11, .start_ticks = 1});
    print(*table, 1, "first");
    AttemptEnded end = attempt_end("job", 1s, 1, 1, Outcome::failure);
    end.exit_code = 3;
    end.message = std::string(300, 'm');
    end.usage.max_rss_bytes = 4096;
    end.usage.read_bytes = 1024;
    end.usage.written_bytes = 2048;
    end.usage.memory_peak_bytes = 8192;
    table->attempt_ended(end);
  }
  {
    const auto table = files.open();
    const auto left = table->left();
    REQUIRE(left.at(0).attempt_ended);
    CHECK(left[0].attempt_ended->attempt == 1);
    CHECK(left[0].attempt_ended->outcome == Outcome::failure);
    CHECK(left[0].attempt_ended->exit_code == 3);
    CHECK(left[0].attempt_ended->message == std::string(252, 'm'));
    CHECK(left[0].attempt_ended->usage.max_rss_bytes == 4096);
    CHECK(left[0].attempt_ended->usage.read_bytes == 1024);
    CHECK(left[0].attempt_ended->usage.written_bytes == 2048);
    CHECK(left[0].attempt_ended->usage.memory_peak_bytes == 8192);
    CHECK(left[0].attempt_ended->standard_output.head == "first");
    table->attempt(1, 2, at(5s));
    print(*table, 1, "second");
  }
  const auto table = files.open();
  const auto left = table->left();
  CHECK(left.at(0).attempt == 2);
  CHECK(left[0].attempt_started_at == at(5s));
  CHECK_FALSE(left[0].process);
  CHECK_FALSE(left[0].attempt_ended);
  CHECK(OutputMirror(table->output(1)[0]).read().head == "second");
}

TEST_CASE("an end that may not be durable stays until it is forgotten; then the file goes", "[live_runs]") {
  const Table files;
  std::filesystem::path path;
  {
    const auto table = files.open();
    path = table->path();
    table->begin(a_run(1));
    table->attempt(1, 1, at(1s));
    RunEnded end = run_end("job", 1s, 1, Outcome::killed);
    end.exit_code.reset();
    end.signal = 9;
    table->ended(end);
  }
  CHECK(std::filesystem::exists(path));
  {
    const auto table = files.open();
    const auto left = table->left();
    REQUIRE(left.at(0).ended);
    CHECK(left[0].ended->outcome == Outcome::killed);
    CHECK(left[0].ended->signal == 9);
    CHECK_FALSE(left[0].ended->exit_code);
    CHECK(left[0].ended->ended_at == run_end("job", 1s, 1, Outcome::killed).ended_at);
    table->forget(1);
    CHECK(table->left().empty());
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a table is whole from the moment when what was before it is settled", "[live_runs]") {
  Table files;
  {
    const auto table = files.open();
    CHECK_FALSE(table->is_whole());  // nobody knows what was before
    table->begin(a_run(1));
  }
  {
    const auto table = files.open();  // its daemon was killed at once
    CHECK(table->left().size() == 1);
    CHECK_FALSE(table->is_whole());
    table->settled();
  }
  CHECK(files.open()->is_whole());
  files.options.boot = "another boot";
  files.open()->begin(a_run(2));
  CHECK_FALSE(files.open()->is_whole());
}

TEST_CASE("a table grows without moving what is in it, and goes on with free places", "[live_runs]") {
  const Table files;
  const auto table = files.open();
  table->begin(a_run(1));
  const auto first = table->output(1)[0].data();
  for (RunId run = 2; run <= 1000; ++run) CHECK(table->begin(a_run(run)));
  CHECK(table->output(1)[0].data() == first);
  const auto full = std::filesystem::file_size(table->path());
  for (RunId run = 1; run <= 900; ++run) table->forget(run);
  for (RunId run = 1001; run <= 1900; ++run) table->begin(a_run(run));
  CHECK(std::filesystem::file_size(table->path()) == full);
  CHECK(table->size() == 1000);
  CHECK(table->left().front().started.run == 901);
}

TEST_CASE("what is told of an unknown run is ignored, and a name that is too long is refused", "[live_runs]") {
  const Table files;
  const auto table = files.open();
  CHECK_FALSE(table->begin(a_run(1, std::string(129, 'x'))));
  table->attempt(1, 1, at(1s));
  table->launched(1, {.pid = 1, .start_ticks = 1});
  table->attempt_ended(attempt_end("job", 1s, 1, 1, Outcome::success));
  table->ended(run_end("job", 1s, 1, Outcome::success));
  table->forget(1);
  CHECK(table->output(1)[0].empty());
  CHECK(table->left().empty());
}

TEST_CASE("a table of another boot, or one that is no table, is void", "[live_runs]") {
  Table files;
  files.open()->begin(a_run(5));
  CHECK(files.open()->left().size() == 1);
  files.options.boot = "another boot";
  {
    const auto table = files.open();
    CHECK(table->left().empty());
    CHECK(table->newest_run() == 0);
    table->begin(a_run(6));
  }
  const auto path = files.open()->path();
  std::filesystem::resize_file(path, 5000);
  {
    const auto table = files.open();
    CHECK(table->left().empty());
    table->begin(a_run(7));
    std::ofstream(path, std::ios::in | std::ios::out) << std::string(4096, 'x');
  }
  CHECK(files.open()->left().empty());
}

TEST_CASE("a file that is not ours alone is refused with advice", "[live_runs]") {
  using Catch::Matchers::Contains;
  const Table files;
  files.open()->begin(a_run(5));
  const auto path = files.open()->path();
  ::chmod(path.c_str(), 0644);
  CHECK_THROWS_WITH(files.open(), Contains("others may read or write"));
  ::chmod(path.c_str(), 0600);
  if (::geteuid() == 0) {
    REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    CHECK_THROWS_WITH(files.open(), Contains("belongs to another user (12345)"));
  }
  std::filesystem::rename(path, path.string() + ".elsewhere");
  std::filesystem::create_symlink(path.string() + ".elsewhere", path);
  CHECK_THROWS_AS(files.open(), LedgerError);
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(files.open(), Contains("not a file"));
  CHECK_THROWS_AS(LiveRuns::open(files.ledger, {.folder = "/no/such/folder"}), LedgerError);
}

TEST_CASE("ledgers of one name in two folders have two names, one ledger has one by every way to it", "[live_runs]") {
  const belfry::test::TempDir one;
  const belfry::test::TempDir two;
  std::filesystem::create_directory_symlink(one.path(), two / "link");
  CHECK(local_id((one / "ledger.db").string()) != local_id((two / "ledger.db").string()));
  CHECK(local_id((one / "ledger.db").string()) == local_id((two / "link" / "ledger.db").string()));
  CHECK(local_id((one / "ledger.db").string()) != local_id((one / "other.db").string()));
  CHECK(local_id((one / "ledger.db").string()).size() == 16);
}
