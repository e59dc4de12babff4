// Who is ended with a program, what is told of those who outlived it, and what all of them have used.
#include <signal.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "action_fixture.hpp"
#include "io/process_mark.hpp"
#include "io/process_tree.hpp"
#include "jobs/exec.hpp"
#include "jobs/run_cgroup.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using jobs::ExecSpec;
using jobs::KillMode;
using ledger::Outcome;
using test::run_action;

namespace {

pid_t pid_in(const test::Ran& ran) { return std::stoi(ran.output()); }

bool lives(pid_t pid) {
  siginfo_t info{};
  const bool zombie =
      ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
  return !zombie && ::kill(pid, 0) == 0;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// Whether a group can be had here at all; says why not.
bool has_subtree() {
  const auto subtree = io::CgroupSubtree::find();
  if (!subtree) WARN("skipped: " << subtree.error());
  return subtree.has_value();
}

bool group_is_there(const std::string& prefix) {
  const auto subtree = io::CgroupSubtree::find();
  return subtree && !subtree->names(prefix).empty();
}

}  // namespace

TEST_CASE("who outlived a program is named behind its end", "[exec]") {
  io::become_subreaper();
  const auto ran = run_action(jobs::make_exec({.command = "setsid sleep 1000 >/dev/null 2>&1 & echo $!; exit 3"}));
  CHECK(ran.report.orphans == 1);
  CHECK(ran.report.message == "exit code 3");
  CHECK_THAT(ran.report.aftermath, StartsWith("1 process outlived it and was ended: "));
  CHECK_THAT(ran.report.aftermath, Contains("(pid " + std::to_string(pid_in(ran)) + ")"));
  CHECK(run_action(jobs::make_exec({.command = "true"})).report.aftermath.empty());
}

TEST_CASE("kill_mode group: what left the process group lives on, and no other run takes it for its own", "[exec]") {
  io::become_subreaper();
  test::Ready ready;
  const ExecSpec spec{.command =
                          "sleep 1000 >/dev/null 2>&1 & setsid sh -c 'echo $$; echo >$READY; exec sleep 1000 "
                          ">/dev/null 2>&1' & read x <$READY",
                      .environment = {{"READY", ready.path()}},
                      .kill_mode = KillMode::group};
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.outcome == Outcome::success);
  CHECK(ran.report.orphans == 1);  // that of the group
  const pid_t free = pid_in(ran);
  CHECK(lives(free));
  const auto other = async::run(test::run_once(jobs::make_exec({.command = "true"}), std::nullopt, 8));
  CHECK(other.report.orphans == 0);
  CHECK(lives(free));
  end(free);
}

TEST_CASE("kill_mode process: it alone is signalled and killed", "[exec]") {
  io::become_subreaper();
  test::Ready ready;
  const ExecSpec spec{
      .command = "sleep 1000 >/dev/null 2>&1 & echo $!; trap '' TERM; echo >$READY; while :; do read x <$NEVER; done",
      .environment = {{"READY", ready.path()}, {"NEVER", ready.path() + ".never"}},
      .kill_mode = KillMode::process,
      .kill_grace = 10ms};
  REQUIRE(::mkfifo((ready.path() + ".never").c_str(), 0600) == 0);
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK_FALSE(ran.outcome);
  CHECK(ran.report.signal == SIGKILL);
  CHECK(ran.report.orphans == 0);
  CHECK(ran.report.aftermath.empty());
  const pid_t child = pid_in(ran);
  CHECK(lives(child));
  end(child);
}

TEST_CASE("kill_mode mixed: it alone is asked, all are killed", "[exec]") {
  io::become_subreaper();
  test::TempDir dir;
  test::Ready ready;
  const std::string asked = (dir / "asked").string();
  const KillMode mode = GENERATE(KillMode::mixed, KillMode::tree);
  const ExecSpec spec{
      .command =
          "trap 'exit 4' TERM; sh -c 'trap \"echo >$ASKED; exit\" TERM; echo $$; echo >$READY; while :; "
          "do read x <$NEVER; done' & wait; wait",
      .environment = {{"READY", ready.path()}, {"ASKED", asked}, {"NEVER", ready.path() + ".never"}},
      .kill_mode = mode,
      .kill_grace = 10s};
  REQUIRE(::mkfifo((ready.path() + ".never").c_str(), 0600) == 0);
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK_FALSE(ran.outcome);
  CHECK_FALSE(lives(pid_in(ran)));
  if (mode == KillMode::mixed) {
    CHECK_FALSE(std::filesystem::exists(asked));
    CHECK(ran.report.exit_code == 4);
    CHECK(ran.report.orphans == 1);
  }
}

TEST_CASE("the usage is that of the whole tree, those included that were ended", "[exec]") {
  io::become_subreaper();
  test::TempDir dir;
  // Nobody waits for what is in the background; it has used its time before the leader ends.
  const std::string fifo = (dir / "done").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto alone = run_action(jobs::make_exec({.command = "true"}));
  const auto ran =
      run_action(jobs::make_exec({.command = "(exec 3<>$DONE; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo "
                                             ">&3; exec sleep 1000) & exec 4<>$DONE; "
                                             "read x <&4",
                                  .environment = {{"DONE", fifo}}}));
  CHECK(ran.report.orphans == 1);
  const auto cpu = [](const test::Ran& of) { return of.report.usage.user_cpu + of.report.usage.system_cpu; };
  CHECK(cpu(ran) > cpu(alone) + 20ms);  // of work, not of waiting
}

TEST_CASE("kill_mode cgroup: nothing leaves the group, which is gone afterwards", "[exec][cgroup]") {
  if (!has_subtree()) return;
  // Not a subreaper here, or one: what hides behind a new session, without the environment, is found by the group.
  const auto ran = run_action(jobs::make_exec(
      {.command = "grep -c belfry-run- /proc/self/cgroup; (setsid env -i sleep 1000 >/dev/null 2>&1 &); exit 5",
       .kill_mode = KillMode::cgroup}));
  CHECK(ran.outcome == Outcome::failure);
  CHECK(ran.output() == "1\n");
  CHECK(ran.report.orphans >= 1);
  CHECK_THAT(ran.report.aftermath, Contains("outlived it and w"));
  CHECK(ran.report.usage.user_cpu + ran.report.usage.system_cpu > 0ms);
  CHECK_FALSE(group_is_there("belfry-run-" + test::tree_id() + "-7-"));
}

TEST_CASE("a group goes as well when its program cannot be started, or is cancelled", "[exec][cgroup]") {
  if (!has_subtree()) return;
  const auto ran =
      run_action(jobs::make_exec({.command = "true", .working_dir = "/no/folder", .kill_mode = KillMode::cgroup}));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK_THAT(ran.report.message, Contains("/no/folder"));
  test::Ready ready;
  const auto cancelled = async::run(test::run_until(jobs::make_exec({.command = "echo >$READY; exec sleep 1000",
                                                                     .environment = {{"READY", ready.path()}},
                                                                     .kill_mode = KillMode::cgroup}),
                                                    ready));
  CHECK(cancelled.report.signal == SIGTERM);
  CHECK_FALSE(group_is_there("belfry-run-" + test::tree_id()));
  CHECK_FALSE(group_is_there("belfry-run--7"));
}

TEST_CASE("a limit whose controller is not there is a start error with advice", "[exec][cgroup]") {
  const io::CgroupLimits limits{.memory_max = std::uint64_t{64} << 20U};
  if (io::cgroups_may_be_had(limits)) {
    WARN("skipped: this machine has the controller");
    return;
  }
  const auto ran = run_action(jobs::make_exec({.command = "true", .cgroup = limits}));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK_THAT(ran.report.message, StartsWith("cannot start: ") && Contains("leave the limits out"));
}

TEST_CASE("groups of runs that are over are swept at the start of a daemon, those of live ones are left", "[cgroup]") {
  const auto subtree = io::CgroupSubtree::find();
  if (!has_subtree()) return;
  const std::string ledger = "sweep" + std::to_string(::getpid());
  engine::Attempt over{.job = "a", .run = 8, .number = 1, .scheduled_at = {}, .started_at = {}, .ledger_id = ledger};
  engine::Attempt live = over;
  live.run = 9;
  live.part = "step x/2";
  REQUIRE(subtree->make(jobs::run_cgroup_name(over, false), {}));
  REQUIRE(subtree->make(jobs::run_cgroup_name(over, true), {}));
  const auto kept = subtree->make(jobs::run_cgroup_name(live, false), {});
  REQUIRE(kept);
  CHECK_THAT(kept->path(), Catch::EndsWith("/belfry-run-" + ledger + "-9-1-step-x-2"));
  const auto body = [&]() -> async::Task<> {
    co_await jobs::sweep_run_cgroups(ledger, [](ledger::RunId run) { return run == 9; });
  };
  async::run(body());
  CHECK(subtree->names("belfry-run-" + ledger).size() == 1);
  CHECK(subtree->names("belfry-let-" + ledger).empty());
  CHECK(kept->remove());
}
