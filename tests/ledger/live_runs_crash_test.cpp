// Whenever the daemon is killed, the table of live runs can be read, and what it says is true.
#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "io/output_mirror.hpp"
#include "ledger/live_runs.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;
using belfry::io::OutputMirror;

namespace {

constexpr int kills = 300;

// Everything about a run follows from its number, so that the reader can tell.
std::string job_of(RunId run) { return std::string(static_cast<std::size_t>(run % 100) + 1, 'a' + run % 26); }
WallTime attempt_start(RunId run, int attempt) { return at(std::chrono::seconds{run * 10 + attempt}); }
pid_t pid_of(RunId run, int attempt) { return static_cast<pid_t>(run * 10 + attempt); }
char letter_of(RunId run, int attempt, std::uint64_t position) {
  return static_cast<char>('A' + (static_cast<std::uint64_t>(run * 7 + attempt * 3) + position) % 61);
}

void print_some(LiveRuns& table, RunId run, int attempt, std::size_t piece) {
  OutputMirror mirror(table.output(run)[0]);
  std::string text(piece, ' ');
  for (std::uint64_t position = 0; position < 9 * piece; position += piece) {
    for (std::size_t i = 0; i < piece; ++i) text[i] = letter_of(run, attempt, position + i);
    mirror.append(text);
  }
}

void carry_out(LiveRuns& table, RunId run) {
  for (int attempt = 1; attempt <= 3; ++attempt) {
    table.attempt(run, attempt, attempt_start(run, attempt));
    if (attempt == 2) continue;  // not launched
    table.launched(run, {.pid = pid_of(run, attempt), .start_ticks = static_cast<std::uint64_t>(run + attempt)});
    print_some(table, run, attempt, static_cast<std::size_t>(run % 1500) + 1);
    AttemptEnded end = attempt_end(job_of(run), 0s, run, attempt, attempt == 3 ? Outcome::success : Outcome::failure);
    end.exit_code = attempt;
    table.attempt_ended(end);
  }
  RunEnded end = run_end(job_of(run), 0s, run, Outcome::success);
  end.message = job_of(run);
  table.ended(end);
}

// The child: seventy runs at a time, until it is killed; says now and then that it goes on.
[[noreturn]] void write_until_killed(const std::string& ledger, const LiveRunsOptions& options, int pipe) {
  const auto table = LiveRuns::open(ledger, options);
  for (RunId run = table->newest_run() + 1;; ++run) {
    table->begin({.run = run,
                  .job = job_of(run),
                  .trigger = RunTrigger::schedule,
                  .scheduled_at = at(std::chrono::seconds{run}),
                  .started_at = at(std::chrono::seconds{run}),
                  .generation = static_cast<std::uint64_t>(run)});
    carry_out(*table, run);
    table->forget(run - 70);
    if (run % 16 == 0 && ::write(pipe, "", 1) != 1) ::_exit(1);
  }
}

void kill_after(const std::string& ledger, const LiveRunsOptions& options, int signs_of_life) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(ledger, options, ends[1]);
  }
  ::close(ends[1]);
  for (char sign = 0; signs_of_life > 0; --signs_of_life) REQUIRE(::read(ends[0], &sign, 1) == 1);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  ::close(ends[0]);
}

// True: every byte is what was printed at that place.
bool true_to(const CapturedStream& output, RunId run, int attempt) {
  const auto holds = [&](const std::string& text, std::uint64_t from) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != letter_of(run, attempt, from + i)) return false;
    }
    return true;
  };
  return holds(output.head, 0) && holds(output.tail, output.total_bytes - output.tail.size());
}

CapturedStream kept(LiveRuns& table, RunId run) {
  const auto read = OutputMirror(table.output(run)[0]).read();
  return {.head = read.head, .tail = read.tail, .total_bytes = read.total, .dropped_bytes = 0};
}

// True: nothing in it is another run's, another attempt's, or half written.
bool is_true(LiveRuns& table, const LiveRun& live) {
  const RunId run = live.started.run;
  bool good = live.started.job == job_of(run) && live.started.scheduled_at == at(std::chrono::seconds{run}) &&
              live.started.generation == static_cast<std::uint64_t>(run) && live.attempt <= 3;
  if (live.attempt == 0) return good && !live.process && !live.attempt_ended && !live.ended;
  good = good && live.attempt_started_at == attempt_start(run, live.attempt);
  if (live.process) {
    good = good && live.process->pid == pid_of(run, live.attempt) &&
           live.process->start_ticks == static_cast<std::uint64_t>(run + live.attempt);
  }
  if (live.attempt_ended) good = good && live.attempt_ended->exit_code == live.attempt;
  // Between the end of one attempt and the beginning of the next, the output may be gone; it is never another's.
  good = good && true_to(kept(table, run), run, live.attempt);
  if (live.ended) good = good && live.ended->outcome == Outcome::success && live.ended->message == job_of(run);
  return good;
}

}  // namespace

TEST_CASE("killed between any two instructions, the table says nothing that is not so", "[live_runs]") {
  const belfry::test::TempDir folder;
  const std::string ledger = (folder / "ledger.db").string();
  const LiveRunsOptions options{.folder = folder.path(), .boot = "this boot"};
  int under_way = 0;
  for (int round = 0; round < kills; ++round) {
    kill_after(ledger, options, 1 + round % 5);
    const auto table = LiveRuns::open(ledger, options);
    const auto left = table->left();
    CHECK(left.size() >= 16);
    CHECK(left.size() <= 71);
    for (const LiveRun& live : left) {
      if (!is_true(*table, live)) FAIL("run " << live.started.run << ", attempt " << live.attempt);
      if (!live.ended) ++under_way;
      if (live.started.run <= table->newest_run() - 60) table->forget(live.started.run);
    }
    CHECK(left.back().started.run <= table->newest_run() + 1);
  }
  CHECK(under_way > kills / 20);  // else the kills hit nothing of interest
}
