// Where a program stands among the others, and what it may not do and does not see.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "action_fixture.hpp"
#include "as_nobody.hpp"
#include "io/exec_shim.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using jobs::ExecSpec;
using ledger::Outcome;
using test::is_root;
using test::run_action;
using test::shim_as_nobody;

namespace {

ExecSpec spec_of(std::string command, io::ShimSteps steps) {
  return {.command = std::move(command), .working_dir = "/", .steps = std::move(steps)};
}

test::Ran run_with(io::ShimSteps steps, std::string command) {
  return run_action(jobs::make_exec(spec_of(std::move(command), std::move(steps))));
}

}  // namespace

TEST_CASE("ionice, cpu_affinity and oom_score_adj hold in the program", "[exec][placement]") {
  io::ShimSteps steps;
  steps.io_priority = {.priority_class = 3};
  steps.cpus = {0};
  steps.oom_score_adj = 500;
  const auto ran = run_with(steps, "ionice; grep Cpus_allowed_list /proc/self/status; cat /proc/self/oom_score_adj");
  CHECK(ran.report.message.empty());
  CHECK(ran.output() == "idle\nCpus_allowed_list:\t0\n500\n");
  io::ShimSteps level;
  level.io_priority = {.priority_class = 2, .level = 7};
  CHECK(run_with(level, "ionice").output() == "best-effort: prio 7\n");
}

TEST_CASE("a place that is not to be had is a start error that says what", "[exec][placement]") {
  io::ShimSteps steps;
  steps.cpus = {8191};
  const auto ran = run_with(steps, "true");
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message ==
        "cannot start /bin/sh: Invalid argument (cpu_affinity: none of these CPUs is there, and free for belfryd)");
  if (!is_root()) return;
  CHECK(shim_as_nobody("--oom-score-adj=-900 -- true").error() ==
        "cannot start true: Permission denied (oom_score_adj -900: below the daemon's, only root with CAP_SYS_RESOURCE "
        "may)\n");
  CHECK(shim_as_nobody("--nice=-3 -- true").error() ==
        "cannot start true: Permission denied (nice -3: below the daemon's, only root may)\n");
  CHECK(shim_as_nobody("--ionice=1:0 -- true").error() ==
        "cannot start true: Operation not permitted (ionice: realtime, only root may)\n");
}

TEST_CASE("capabilities that are dropped do not come back with a program", "[exec][sandbox]") {
  if (!is_root()) return;
  io::ShimSteps steps;
  steps.drop_capabilities = {"all"};
  const std::string caps = "grep -e ^CapPrm -e ^CapBnd -e ^CapInh /proc/self/status | cut -f2";
  const std::string none = "0000000000000000\n";
  CHECK(run_with(steps, caps).output() == none + none + none);
  steps.drop_capabilities = {"chown", "net_raw"};
  CHECK(run_with(steps, "t=$(mktemp) && chown 1 $t; status=$?; rm -f $t; exit $status").report.exit_code == 1);
  CHECK(run_with(steps, "kill -0 $$").outcome == Outcome::success);
}

TEST_CASE("who is not root drops capabilities with no_new_privileges alone", "[exec][sandbox]") {
  if (!is_root()) return;
  const auto refused = shim_as_nobody("--drop-capabilities=all -- true");
  CHECK(refused.report.exit_code == 126);
  CHECK_THAT(refused.error(), Catch::Contains("no_new_privileges beside it has the same effect"));
  CHECK(shim_as_nobody("--drop-capabilities=all --no-new-privileges -- echo fine").output() == "fine\n");
  const auto heir = shim_as_nobody(
      "--drop-capabilities=net_raw --no-new-privileges -- grep -e ^CapInh -e ^CapAmb "
      "/proc/self/status",
      "--inh-caps +net_raw,+kill --ambient-caps +net_raw,+kill");
  CHECK(heir.output() == "CapInh:\t0000000000000020\nCapAmb:\t0000000000000020\n");  // kill is left
}

TEST_CASE("a private /tmp is empty, and leaves nothing behind", "[exec][sandbox]") {
  if (!is_root()) return;
  test::TempDir outside;  // in /tmp
  io::ShimSteps steps;
  steps.sandbox.private_tmp = true;
  const std::string name = "belfry-private-" + std::to_string(::getpid());
  const auto ran = run_with(steps, "ls -A /tmp /var/tmp; stat -c %a /tmp; echo x >/tmp/" + name + "; ls /tmp");
  CHECK(ran.report.message.empty());
  CHECK(ran.output() == "/tmp:\n\n/var/tmp:\n1777\n" + name + "\n");
  CHECK_FALSE(std::filesystem::exists("/tmp/" + name));
}

TEST_CASE("what is read-only cannot be changed, in whatever is mounted below either", "[exec][sandbox]") {
  if (!is_root()) return;
  test::TempDir dir;
  ::chmod(dir.path().c_str(), 0777);
  std::ofstream(dir / "file") << "as it was";
  io::ShimSteps steps;
  steps.sandbox.read_only = {dir.path().string(), "/dev"};
  const std::string path = dir.path().string();
  const std::string below = "belfry-test-" + std::to_string(::getpid());
  const auto ran = run_with(steps, "echo x >" + path + "/file; rm -f " + path + "/file; echo x >/dev/shm/" + below +
                                       "; cat " + path + "/file; echo gone >/dev/null && echo devices work");
  CHECK(ran.output() == "as it wasdevices work\n");
  CHECK_THAT(ran.error(), Catch::Contains("Read-only file system"));
  CHECK_FALSE(std::filesystem::exists("/dev/shm/" + below));
  std::ofstream(dir / "file") << "the daemon may";
  CHECK(std::filesystem::file_size(dir / "file") == 14);

  steps.sandbox.read_only = {"/no/such"};
  CHECK(run_with(steps, "true").report.message ==
        "cannot start /bin/sh: No such file or directory (sandbox: read_only, /no/such)");
}

TEST_CASE("without a network there is a loopback, and nothing else", "[exec][sandbox]") {
  if (!is_root()) return;
  io::ShimSteps steps;
  steps.sandbox.network = false;
  const auto ran = run_with(steps,
                            "ls /proc/self/net/dev_snmp6 2>/dev/null; tail -n +3 /proc/self/net/dev | cut -d: -f1 "
                            "| tr -d ' '; tail -n +2 /proc/self/net/route");
  CHECK(ran.report.message.empty());
  CHECK_THAT(ran.output(), Catch::EndsWith("lo\n"));
}

TEST_CASE("a sandbox, another user and a working directory go together", "[exec][sandbox][user]") {
  if (!is_root()) return;
  io::ShimSteps steps;
  steps.sandbox = {.private_tmp = true, .read_only = {"/etc"}, .network = false};
  steps.no_new_privileges = true;
  ExecSpec spec = spec_of("id -un; pwd; touch mine && ls; touch /etc/x 2>&1", steps);
  spec.user = {.user = "nobody"};
  spec.working_dir = "/tmp";
  const auto ran = run_action(jobs::make_exec(spec));
  CHECK(ran.report.message == "exit code 1");
  CHECK_THAT(ran.output(), Catch::StartsWith("nobody\n/tmp\nmine\n"));
}

TEST_CASE("who is not root has a sandbox where the system allows user namespaces", "[exec][sandbox]") {
  if (!is_root()) return;
  const auto ran = shim_as_nobody(
      "--private-tmp --no-network --user=nobody:65534:65534: -- sh -c 'ls -A /tmp; id -u; grep CapEff "
      "/proc/self/status'");
  if (ran.report.exit_code == 126) {
    CHECK_THAT(ran.error(), Catch::Contains("the system allows user namespaces"));
    WARN("SKIPPED: no user namespaces here");
    return;
  }
  CHECK(ran.output() == "65534\nCapEff:\t0000000000000000\n");
  const auto other = shim_as_nobody("--private-tmp --user=daemon:1:1:1 -- true");
  CHECK(other.report.exit_code == 126);
  CHECK_THAT(other.error(), Catch::Contains("sandbox: only root"));
}

TEST_CASE("belfry-exec refuses what is no place and no capability", "[exec][sandbox]") {
  const auto shim = io::find_shim().value();
  for (const auto* option :
       {"--cpus=", "--cpus=1-", "--cpus=3-1", "--cpus=8192", "--ionice=4:1", "--ionice=2", "--ionice=2:8",
        "--oom-score-adj=1001", "--drop-capabilities=", "--drop-capabilities=net_rawest", "--keep-fd=2"}) {
    INFO(option);
    const auto ran = run_action(jobs::make_exec({.command = std::vector<std::string>{shim, option, "--", "true"}}));
    CHECK(ran.report.exit_code == 125);
  }
}
