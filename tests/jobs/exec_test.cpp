#include "jobs/exec.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>

#include "action_fixture.hpp"
#include "async/clock.hpp"
#include "async/gather.hpp"
#include "io/process_tree.hpp"
#include "jobs/run_ids.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using jobs::ExecSpec;
using ledger::Outcome;
using test::run_action;

namespace {

using Argv = std::vector<std::string>;

test::Ran run_text(std::string text) { return run_action(jobs::make_exec({.command = std::move(text)})); }

long max_rss_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("the outcome says how a program ended, in one sentence", "[exec]") {
  const auto good = run_text("echo hello; echo trouble >&2");
  CHECK(good.outcome == Outcome::success);
  CHECK(good.report.message.empty());
  CHECK(good.report.exit_code == 0);
  CHECK(good.output() == "hello\n");
  CHECK(good.error() == "trouble\n");
  CHECK(good.report.usage.max_rss_bytes > 0);
  CHECK(good.report.orphans == 0);
  CHECK_FALSE(good.report.lingering_pipe);

  const auto bad = run_text("exit 3");
  CHECK(bad.outcome == Outcome::failure);
  CHECK(bad.report.exit_code == 3);
  CHECK(bad.report.message == "exit code 3");

  const auto killed = run_text("kill -KILL $$");
  CHECK(killed.outcome == Outcome::killed);
  CHECK(killed.report.signal == SIGKILL);
  CHECK(killed.report.message == "killed by SIGKILL");
}

TEST_CASE("other exit codes can be a success, and 0 a failure", "[exec]") {
  CHECK(run_action(jobs::make_exec({.command = "exit 3", .success_exit_codes = {3}})).outcome == Outcome::success);
  CHECK(run_action(jobs::make_exec({.command = "exit 0", .success_exit_codes = {3}})).outcome == Outcome::failure);
}

TEST_CASE("what cannot be started is a start error with its reason", "[exec]") {
  const auto ran = run_action(jobs::make_exec({.command = Argv{"/no/such", "argument"}}));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot start /no/such: No such file or directory (the command)");
  CHECK_FALSE(ran.report.exit_code);
  const auto folder = run_action(jobs::make_exec({.command = "true", .working_dir = "/no/folder"}));
  CHECK(folder.outcome == Outcome::start_error);
  CHECK(folder.report.message == "cannot start /bin/sh: No such file or directory (the working directory /no/folder)");
  const auto input = run_action(jobs::make_exec({.command = "cat", .standard_input = jobs::StdinFile{"/no/input"}}));
  CHECK(input.outcome == Outcome::start_error);
  CHECK_THAT(input.report.message, Catch::Matchers::Contains("/no/input"));
}

TEST_CASE("a list is run without a shell, in the working directory, with the job's PATH", "[exec]") {
  test::TempDir dir;
  std::ofstream(dir / "tool") << "#!/bin/sh\necho \"tool $1 in $(pwd -P)\"\n";
  ::chmod((dir / "tool").c_str(), 0755);
  ExecSpec spec{.command = Argv{"tool", "$HOME *"}, .working_dir = "/usr"};
  spec.environment["PATH"] = dir.path().string() + ":/usr/bin:/bin";
  CHECK(run_action(jobs::make_exec(spec)).output() == "tool $HOME * in /usr\n");
}

TEST_CASE("a program knows which run of which job it is", "[exec]") {
  ::setenv("BELFRY_SOCKET", "/not/for/jobs", 1);
  const auto ran = run_text("env | grep ^BELFRY_ | sort");
  ::unsetenv("BELFRY_SOCKET");
  CHECK(ran.output() ==
        "BELFRY_ATTEMPT=2\nBELFRY_CATCHUP=1\nBELFRY_DELAY_MS=1250\nBELFRY_FENCE=7\nBELFRY_JOB=the job\n"
        "BELFRY_PREV_SUCCESS_AT=2026-03-28T01:30:00Z\nBELFRY_RUN_ID=7\nBELFRY_SCHEDULED_AT=2026-03-29T01:30:00Z\n" +
            test::tree_marker() + "\nBELFRY_TRIGGER=catchup\n");
}

TEST_CASE("the environment is inherited and overlaid, or cleared but for PATH", "[exec]") {
  ::setenv("INHERITED", "yes", 1);
  ::setenv("OVERLAID", "no", 1);
  ExecSpec spec{.command = "echo $INHERITED $OVERLAID", .environment = {{"OVERLAID", "set"}}};
  CHECK(run_action(jobs::make_exec(spec)).output() == "yes set\n");
  spec.clear_environment = true;
  spec.command = "/usr/bin/env | grep -v -e ^BELFRY_ -e ^PWD -e ^_= -e ^SHLVL | cut -d= -f1 | sort | tr '\\n' ' '";
  CHECK(run_action(jobs::make_exec(spec)).output() == "OVERLAID PATH ");
}

TEST_CASE("a traced program is told its place in the trace of its run, and not that of the daemon", "[exec]") {
  ::setenv("TRACEPARENT", "00-daemon", 1);
  ::setenv("TRACESTATE", "daemon=1", 1);
  const std::string show = "/usr/bin/env | grep ^TRACE | sort";
  const jobs::TraceIds ids(test::tree_id(), 7);
  const std::string given = "TRACEPARENT=" + ids.parent_for_program(ids.attempt_span(2)) + "\n";
  CHECK(run_action(jobs::make_exec({.command = show, .traced = true})).output() == given);
  CHECK(run_action(jobs::make_exec({.command = show, .clear_environment = true, .traced = true})).output() == given);
  const ExecSpec own{.command = show, .environment = {{"TRACEPARENT", "00-mine"}}, .traced = true};
  CHECK(run_action(jobs::make_exec(own)).output() == "TRACEPARENT=00-mine\n");
  test::TempDir dir;
  std::ofstream(dir / "file") << "TRACEPARENT=00-filed\n";
  const ExecSpec filed{.command = show, .env_files = {{.path = (dir / "file").string()}}, .traced = true};
  CHECK(run_action(jobs::make_exec(filed)).output() == "TRACEPARENT=00-filed\n");
  CHECK(run_action(jobs::make_exec({.command = show})).output() == "TRACEPARENT=00-daemon\nTRACESTATE=daemon=1\n");
  ::unsetenv("TRACEPARENT");
  ::unsetenv("TRACESTATE");
}

TEST_CASE("standard input is nothing, a text or a file", "[exec]") {
  CHECK(run_text("wc -c").output() == "0\n");
  const std::string text(1'000'000, 'x');
  const ExecSpec from_text{.command = "wc -c", .standard_input = jobs::StdinText{text}};
  CHECK(run_action(jobs::make_exec(from_text)).output() == "1000000\n");
  // Unread input is nobody's error, and a second attempt reads from the beginning again.
  const ExecSpec unread{.command = "true", .standard_input = jobs::StdinText{text}};
  CHECK(run_action(jobs::make_exec(unread)).outcome == Outcome::success);
  test::TempDir dir;
  std::ofstream(dir / "input") << "from a file";
  const ExecSpec from_file{
      .command = "cat", .working_dir = dir.path().string(), .standard_input = jobs::StdinFile{"input"}};
  const auto action = jobs::make_exec(from_file);
  CHECK(run_action(action).output() == "from a file");
  CHECK(run_action(action).output() == "from a file");
}

TEST_CASE("200 MB of output leave memory flat and the count exact", "[exec]") {
  const ExecSpec spec{.command = "head -c 200000000 /dev/zero", .output_budget = 10'000};
  const auto before = max_rss_kib();
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.standard_output.total_bytes == 200'000'000);
  CHECK(ran.report.standard_output.head.size() == 5'000);
  CHECK(ran.report.standard_output.tail.size() == 5'000);
  CHECK(ran.report.standard_output.dropped_bytes == 199'990'000);
  CHECK(max_rss_kib() - before < 20'000);
}

TEST_CASE("a timeout ends the tree, even what has daemonised, and the report is complete", "[exec]") {
  io::become_subreaper();
  test::Ready ready;
  // The innermost shell speaks when it is a daemon: in another session, its parent gone, its streams closed.
  const ExecSpec spec{.command =
                          "trap 'echo terminated; exit 9' TERM; echo started; sleep 1000 & (setsid sh -c 'sleep "
                          "1000 & echo >$READY; exec sleep 1000' >/dev/null 2>&1 &); wait",
                      .environment = {{"READY", ready.path()}}};
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK_FALSE(ran.outcome);
  CHECK(ran.report.exit_code == 9);
  CHECK(ran.output() == "started\nterminated\n");
  CHECK(ran.report.orphans >= 2);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("who has to make room for a newer slot is killed at once", "[exec]") {
  test::Ready ready;
  const ExecSpec spec{.command = "trap 'echo obeyed; exit 9' TERM; echo >$READY; while :; do sleep 0.05; done",
                      .environment = {{"READY", ready.path()}},
                      .kill_grace = 1000s};
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready, async::CancelReason::replaced));
  CHECK_FALSE(ran.outcome);
  CHECK(ran.report.signal == SIGKILL);
  CHECK(ran.output().empty());
}

TEST_CASE("who ignores the kill signal is killed after the grace, who is stopped is woken", "[exec]") {
  test::Ready ready;
  ExecSpec spec{.command = "trap '' TERM; echo >$READY; while :; do sleep 0.05; done",
                .environment = {{"READY", ready.path()}},
                .kill_grace = 100ms};
  const auto deaf = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK_FALSE(deaf.outcome);
  CHECK(deaf.report.signal == SIGKILL);
  test::Ready again;
  spec = {.command = "echo >$READY; kill -STOP $$", .environment = {{"READY", again.path()}}, .kill_grace = 1h};
  const auto stopped = async::run(test::run_until(jobs::make_exec(spec), again));
  CHECK(stopped.report.signal == SIGTERM);
}

TEST_CASE("another kill signal can be asked for", "[exec]") {
  test::Ready ready;
  const ExecSpec spec{.command = "trap 'echo interrupted; exit 0' INT; echo >$READY; while :; do sleep 0.01; done",
                      .environment = {{"READY", ready.path()}},
                      .kill_signal = SIGINT};
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK(ran.output() == "interrupted\n");
  CHECK(ran.report.exit_code == 0);
}

TEST_CASE("someone who holds the output open does not hold the run", "[exec]") {
  io::become_subreaper();
  const auto ran = run_text("sleep 1000 & echo done");
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.output() == "done\n");
  CHECK(ran.report.lingering_pipe);
  CHECK(ran.report.orphans == 1);
}

TEST_CASE("output that comes a little after the end of the shell is waited for", "[exec]") {
  async::ManualClock clock;  // stands still while a process is under way, so the patience cannot run out
  const auto action = jobs::make_exec({.command = "(sleep 0.05; echo late) & exit 0"});
  const auto ran = async::run(test::run_once(action), async::LoopOptions().clock(clock));
  CHECK(ran.output() == "late\n");
  CHECK_FALSE(ran.report.lingering_pipe);
}

TEST_CASE("a hundred runs at once keep their outputs apart", "[exec]") {
  const auto body = []() -> async::Task<std::set<std::string>> {
    const auto action = jobs::make_exec({.command = "echo run $BELFRY_RUN_ID"});
    std::vector<async::Task<test::Ran>> tasks;
    for (int run = 0; run < 100; ++run) tasks.push_back(test::run_once(action, std::nullopt, run));
    const auto all = co_await async::gather(std::move(tasks));
    std::set<std::string> outputs;
    for (const auto& ran : all) outputs.insert(ran.output());
    co_return outputs;
  };
  const auto outputs = async::run(body());
  CHECK(outputs.size() == 100);
  CHECK(outputs.contains("run 99\n"));
}

TEST_CASE("umask, nice, limits and no_new_privileges hold in the program", "[exec][shim]") {
  ExecSpec spec{.command = "umask; nice; ulimit -S -n; ulimit -H -n; ulimit -c; grep NoNewPrivs /proc/self/status"};
  spec.steps.umask = 027;
  spec.steps.nice = 5;
  spec.steps.rlimits["nofile"] = {.soft = 64, .hard = 128};
  spec.steps.rlimits["core"] = {.soft = 0, .hard = 0};
  spec.steps.no_new_privileges = true;
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.report.message.empty());
  CHECK(ran.output() == "0027\n5\n64\n128\n0\nNoNewPrivs:\t1\n");
  spec.command = Argv{"/bin/ls", "/proc/self/fd"};
  CHECK(run_action(jobs::make_exec(spec)).output() == "0\n1\n2\n3\n");  // 3: the folder itself
}

TEST_CASE("what belfry-exec cannot do is a start error that names the step", "[exec][shim]") {
  ExecSpec spec{.command = Argv{"no-such-command"}};
  spec.steps.umask = 022;
  const auto missing = run_action(jobs::make_exec(spec));
  CHECK(missing.outcome == Outcome::start_error);
  CHECK(missing.report.message ==
        "cannot start no-such-command: No such file or directory (the command is not in PATH)");
  spec.command = Argv{"/bin/true"};
  spec.steps.rlimits["nofile"] = {.soft = 100, .hard = 10};
  const auto refused = run_action(jobs::make_exec(spec));
  CHECK(refused.outcome == Outcome::start_error);
  CHECK(refused.report.message == "cannot start /bin/true: Invalid argument (rlimit nofile=100:10)");
}

// Not under UBSan: its vptr check opens a pipe to probe memory, cannot, and takes a good std::error_category for a bad
// one.
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define BELFRY_UNDER_UBSAN
#endif
#endif
#ifndef BELFRY_UNDER_UBSAN
TEST_CASE("out of descriptors is a start error, and nothing is left open", "[exec]") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto body = [&before]() -> async::Task<test::Ran> {
    const auto action = jobs::make_exec({.command = "true"});
    co_await test::run_once(action);  // what the loop needs for itself is open now
    const rlimit few{.rlim_cur = 4, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    test::Ran ran = co_await test::run_once(action);
    ::setrlimit(RLIMIT_NOFILE, &before);
    co_return ran;
  };
  const auto ran = async::run(body());
  CHECK(ran.outcome == Outcome::start_error);
  CHECK_THAT(ran.report.message, Catch::Matchers::Contains("Too many open files"));
}
#endif

TEST_CASE("a description names the command but none of its arguments", "[exec]") {
  CHECK(jobs::make_exec({.command = Argv{"curl", "--user", "me:secret"}})->describe() == "curl");
  CHECK(jobs::make_exec({.command = "curl --user me:secret"})->describe() == "/bin/sh -c ...");
}

TEST_CASE("a directory as command is called one", "[exec]") {
  const auto ran = run_action(jobs::make_exec({.command = Argv{"/usr/bin"}}));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot start /usr/bin: it is a directory, not a program");
  const auto relative = run_action(jobs::make_exec({.command = Argv{"./bin"}, .working_dir = "/usr"}));
  CHECK(relative.report.message == "cannot start ./bin: it is a directory, not a program");
  ExecSpec shimmed{.command = Argv{"/usr/bin"}};
  shimmed.steps.umask = 022;
  const auto by_shim = run_action(jobs::make_exec(shimmed));
  CHECK(by_shim.outcome == Outcome::start_error);
  CHECK(by_shim.report.message == "cannot start /usr/bin: it is a directory, not a program");
}
