// Programs that run as another user than the daemon. Only root can try.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "action_fixture.hpp"
#include "as_nobody.hpp"
#include "io/exec_shim.hpp"
#include "io/process_tree.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using ledger::Outcome;
using test::is_root;
using test::run_action;
using test::shim_as_nobody;

namespace {

ExecSpec exec_as(jobs::AccountRequest user, std::string command) {
  ExecSpec spec{.command = std::move(command), .working_dir = "/"};
  spec.user = std::move(user);
  return spec;
}

test::Ran run_as(jobs::AccountRequest user, std::string command) {
  return run_action(jobs::make_exec(exec_as(std::move(user), std::move(command))));
}

}  // namespace

TEST_CASE("a program has the user, the group and the groups, for real and for good", "[exec][user]") {
  if (!is_root()) return;
  const auto ran = run_as({.user = "nobody", .group = "daemon", .supplementary_groups = {"adm"}},
                          "grep -e ^Uid -e ^Gid -e ^Groups -e ^Cap /proc/self/status | tr '\\t' ' '");
  CHECK(ran.report.message.empty());
  CHECK_THAT(ran.output(), Catch::StartsWith("Uid: 65534 65534 65534 65534\nGid: 1 1 1 1\nGroups: 1 4 \n"));
  const std::string none = " 0000000000000000\n";
  CHECK_THAT(ran.output(), Catch::Contains("CapInh:" + none + "CapPrm:" + none + "CapEff:" + none));
  CHECK_THAT(ran.output(), Catch::Contains("CapAmb:" + none));
}

TEST_CASE("a program of another user has its name and home, unless the job says otherwise", "[exec][user]") {
  if (!is_root()) return;
  ExecSpec spec = exec_as({.user = "nobody"}, "echo $USER $LOGNAME $HOME $SHELL");
  CHECK(run_action(jobs::make_exec(spec)).output() == "nobody nobody /nonexistent /bin/sh\n");
  spec.environment = {{"HOME", "/tmp"}, {"USER", "me"}};
  spec.clear_environment = true;
  CHECK(run_action(jobs::make_exec(spec)).output() == "me nobody /tmp /bin/sh\n");
}

TEST_CASE("a program of another user can open its own streams by name", "[exec][user]") {
  if (!is_root()) return;
  const auto ran = run_as({.user = "nobody"}, "echo out >/dev/stdout; echo bad >/proc/self/fd/2");
  CHECK(ran.output() == "out\n");
  CHECK(ran.error() == "bad\n");
}

TEST_CASE("a user that the system does not have is a start error", "[exec][user]") {
  const auto ran = run_as({.user = "nobdy"}, "id");
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == R"(cannot start: there is no user "nobdy"; did you mean "nobody"?)");
}

TEST_CASE("the working directory is entered with the user's rights, not with the daemon's", "[exec][user]") {
  if (!is_root()) return;
  test::TempDir closed;
  ::chmod(closed.path().c_str(), 0700);
  ExecSpec spec = exec_as({.user = "nobody"}, "pwd");
  spec.working_dir = closed.path().string();
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot start /bin/sh: Permission denied (the working directory " + spec.working_dir +
                                  ", which the user nobody must be able to enter)");
  ::chmod(closed.path().c_str(), 0755);
  CHECK(run_action(jobs::make_exec(spec)).output() == spec.working_dir + "\n");
}

TEST_CASE("a priority that only root may have is set before the user is another one", "[exec][user]") {
  if (!is_root()) return;
  ExecSpec spec = exec_as({.user = "nobody"}, "nice; ulimit -H -n; umask");
  spec.steps.nice = -3;
  spec.steps.rlimits["nofile"] = {.soft = 64, .hard = 64};
  spec.steps.umask = 077;
  CHECK(run_action(jobs::make_exec(spec)).output() == "-3\n64\n0077\n");
}

TEST_CASE("a program of another user is ended with all that it started", "[exec][user]") {
  if (!is_root()) return;
  io::become_subreaper();
  test::Ready ready;
  ::chmod(ready.path().c_str(), 0666);
  ::chmod(ready.path().substr(0, ready.path().rfind('/')).c_str(), 0755);
  ExecSpec spec =
      exec_as({.user = "nobody"}, "(setsid sh -c 'echo >$READY; exec sleep 1000' >/dev/null 2>&1 &); exec sleep 1000");
  spec.environment = {{"READY", ready.path()}};
  const auto ran = async::run(test::run_until(jobs::make_exec(spec), ready));
  CHECK(ran.report.signal == SIGTERM);
  CHECK(ran.report.orphans >= 1);
}

TEST_CASE("who is not root may only be who he is", "[exec][user]") {
  if (!is_root()) return;
  const auto other = shim_as_nobody("--user=daemon:1:1:1 -- id");
  CHECK(other.report.exit_code == 126);
  CHECK(other.error() ==
        "cannot start id: Operation not permitted (to run as the user daemon and its groups: only root may, or who has "
        "CAP_SETUID, CAP_SETGID and CAP_KILL)\n");
  CHECK(shim_as_nobody("--user=root:0:0: -- id").report.exit_code == 126);
  CHECK(shim_as_nobody("--user=nobody:65534:65534:4 -- id").report.exit_code == 126);
  CHECK(shim_as_nobody("--user=nobody:65534:65534:65534 -- id -u").output() == "65534\n");
}

TEST_CASE("a daemon that has capabilities, and is not root, hands none of them on", "[exec][user]") {
  if (!is_root()) return;
  const std::string set = "+setuid,+setgid,+kill";
  const auto ran = shim_as_nobody("--user=daemon:1:1:1 -- sh -c 'id -u; grep -e ^CapPrm -e ^CapAmb /proc/self/status'",
                                  "--inh-caps " + set + " --ambient-caps " + set);
  CHECK(ran.error().empty());
  CHECK(ran.output() == "1\nCapPrm:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}

TEST_CASE("belfry-exec refuses what is no user", "[exec][user]") {
  const auto shim = io::find_shim().value();
  for (const auto* user : {"nobody", "nobody:65534:65534", "x:-1:0:", "x:4294967295:0:", "x:0:0:1,,2", "x:1:2:y"}) {
    INFO(user);
    const auto ran = run_action(
        jobs::make_exec({.command = std::vector<std::string>{shim, std::string("--user=") + user, "--", "true"}}));
    CHECK(ran.report.exit_code == 125);
  }
}
