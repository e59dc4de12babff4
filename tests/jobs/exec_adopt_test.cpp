// What becomes of a program whose daemon is killed, when the next daemon adopts it.
#include <sched.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "action_fixture.hpp"
#include "async/sleep.hpp"
#include "earlier_daemon.hpp"
#include "io/cgroup.hpp"
#include "io/foreign_exit.hpp"
#include "io/foreign_tree.hpp"
#include "io/output_mirror.hpp"
#include "jobs/exec.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using jobs::ExecSpec;
using jobs::KillMode;
using ledger::Outcome;
using test::adopt_into;
using test::adopt_it;
using test::Adopted;
using test::EarlierDaemon;
using test::reads_on;
using test::Ready;

namespace {

// A gate that the program passes when the test says so, and from which it tells how far it has come.
struct Gate {
  test::TempDir folder;
  std::string go = (folder / "go").string();
  io::Fd held;

  Gate() {
    REQUIRE(::mkfifo(go.c_str(), 0600) == 0);
    held.reset(::open(go.c_str(), O_RDWR | O_CLOEXEC));
  }
  void open() const { REQUIRE(::write(held.get(), "\n", 1) == 1); }
};

// Until the daemon has read that much of the standard output. Its memory is looked at alone: it is still the writer.
void wait_for_output(const EarlierDaemon& daemon, std::uint64_t bytes) {
  auto* const words = reinterpret_cast<std::uint64_t*>(daemon.kept_output().data());
  while (std::atomic_ref(words[1]).load() < bytes) ::sched_yield();
}

// A program that prints a lot, then waits for the gate.
std::string prints_a_lot(const Gate& told, const Gate& gate) {
  return "echo begin; head -c 300000 /dev/zero | tr '\\0' x; echo >" + told.go + "; read x <" + gate.go +
         "; echo >&2; read x <" + gate.go + "; ";
}

// Until the daemon has taken in all of that: it reads one pipe after the other.
void wait_until_taken_in(const EarlierDaemon& daemon, const Gate& told, const Gate& gate) {
  char byte = 0;
  REQUIRE(::read(told.held.get(), &byte, 1) == 1);
  const io::Fd pipe = io::reopen_pipe({{daemon.mark()}}, io::OutputMirror(daemon.kept_output()).source());
  int unread = 1;
  while (::ioctl(pipe.get(), FIONREAD, &unread) == 0 && unread > 0) ::sched_yield();
  gate.open();
  auto* const words = reinterpret_cast<std::uint64_t*>(daemon.kept_error().data());
  while (std::atomic_ref(words[1]).load() < 1) ::sched_yield();
}

// Opens the gate as soon as the program is adopted.
async::Task<Adopted> adopt_and_open(std::shared_ptr<const engine::Action> action, const EarlierDaemon& daemon,
                                    const Gate& gate, io::ProcessMark mark) {
  Adopted adopted;
  auto adopting = async::spawn(adopt_into(adopted, std::move(action), daemon, mark), "adopting");
  while (!reads_on(adopted, daemon)) co_await async::yield();
  gate.open();
  co_await adopting;
  co_return adopted;
}

async::Task<Adopted> adopt_and_open(std::shared_ptr<const engine::Action> action, const EarlierDaemon& daemon,
                                    const Gate& gate) {
  return adopt_and_open(std::move(action), daemon, gate, daemon.mark());
}

}  // namespace

TEST_CASE("a program outlives its daemon; the next one reads on and knows how it ended", "[adopt]") {
  const Gate gate;
  const auto action =
      jobs::make_exec({.command = "echo before; read x <" + gate.go + "; echo after; echo trouble >&2; exit 3"});
  EarlierDaemon daemon(action, GENERATE(true, false));
  wait_for_output(daemon, 7);
  daemon.kill();
  const auto adopted = async::run(adopt_and_open(action, daemon, gate));
  CHECK(adopted.outcome == Outcome::failure);
  CHECK(adopted.report.exit_code == 3);
  CHECK(adopted.report.message == "exit code 3");
  CHECK(adopted.output() == "before\nafter\n");
  CHECK(adopted.report.standard_error.head == "trouble\n");
  CHECK(adopted.report.standard_output.dropped_bytes == 0);
  CHECK_FALSE(adopted.report.lingering_pipe);
}

TEST_CASE("a program is found although its daemon was killed before it wrote down which process it is", "[adopt]") {
  const Gate gate;
  const auto action =
      jobs::make_exec({.command = "tail -f /dev/null & echo before; read x <" + gate.go + "; echo after; exit 3"});
  EarlierDaemon daemon(action, false);  // so it had no time to give anything into keeping
  wait_for_output(daemon, 7);           // until its exec it looks like the daemon
  daemon.kill();
  const auto adopted = async::run(adopt_and_open(action, daemon, gate, {}));
  CHECK(adopted.outcome == Outcome::failure);
  CHECK(adopted.report.exit_code == 3);
  CHECK(adopted.output() == "before\nafter\n");
  CHECK(adopted.report.orphans == 1);
  const auto again = async::run(adopt_it(action, daemon, {}));
  CHECK_FALSE(again.outcome);
  CHECK(again.report.message == "belfryd was killed before it was known to have started");
}

TEST_CASE("a program that prints while there is no daemon is neither broken nor cut off", "[adopt]") {
  const Gate gate;
  const Gate told;
  const auto action = jobs::make_exec({.command = "read x <" + gate.go + "; echo alone || exit 9; echo >" + told.go +
                                                  "; read x <" + gate.go + "; head -c 200000 /dev/zero; exit 0"});
  EarlierDaemon daemon(action, GENERATE(true, false));
  daemon.kill();
  gate.open();
  char byte = 0;
  REQUIRE(::read(told.held.get(), &byte, 1) == 1);  // it has printed
  const auto adopted = async::run(adopt_and_open(action, daemon, gate));
  CHECK(adopted.outcome == Outcome::success);
  CHECK(adopted.output().starts_with("alone\n"));
  CHECK(adopted.report.standard_output.total_bytes == 200'006);
}

TEST_CASE("without a keeper, the next daemon has both ends of a long output, and the count of what is missing",
          "[adopt]") {
  const Gate gate;
  const auto action = jobs::make_exec(
      {.command = "echo begin; head -c 1000000 /dev/zero | tr '\\0' x; read x <" + gate.go + "; echo end"});
  EarlierDaemon daemon(action, false);
  wait_for_output(daemon, 1'000'006);
  daemon.kill();
  const auto adopted = async::run(adopt_and_open(action, daemon, gate));
  const auto& output = adopted.report.standard_output;
  CHECK(output.total_bytes == 1'000'010);
  CHECK(output.head.starts_with("begin\nxxx"));
  CHECK(output.tail.ends_with("xxxend\n"));
  CHECK(output.head.size() + output.tail.size() > 4000);
  CHECK(output.dropped_bytes == output.total_bytes - output.head.size() - output.tail.size());
}

TEST_CASE("a program that has sent its output through a tee is read where the pipe is", "[adopt]") {
  const Gate gate;
  const Gate told;
  const auto action =
      jobs::make_exec({.command = std::vector<std::string>{
                           "/bin/bash", "-c",
                           "exec > >(exec cat); echo one; echo >" + told.go + "; read x <" + gate.go + "; echo two"}});
  EarlierDaemon daemon(action, GENERATE(true, false));
  char byte = 0;
  REQUIRE(::read(told.held.get(), &byte, 1) == 1);
  daemon.kill();
  const auto adopted = async::run(adopt_and_open(action, daemon, gate));
  CHECK(adopted.outcome == Outcome::success);
  CHECK(adopted.output() == "one\ntwo\n");
}

TEST_CASE("an adopted program is ended with its whole tree when it is cancelled", "[adopt]") {
  Ready ready;
  const auto action =
      jobs::make_exec({.command = "trap 'echo terminated; exit 9' TERM; (setsid sh -c 'sleep 1000 & exec sleep 1000' "
                                  ">/dev/null 2>&1 &); sleep 1000 & echo >$READY; wait",
                       .environment = {{"READY", ready.path()}}});
  EarlierDaemon daemon(action, GENERATE(true, false));
  const auto body = [&]() -> async::Task<Adopted> {
    co_await ready.wait();
    daemon.kill();
    Adopted adopted;
    adopted.report.kept_output = daemon.kept_output();
    adopted.report.kept_error = daemon.kept_error();
    const engine::Attempt attempt = EarlierDaemon::attempt();
    async::CancelScope scope;
    auto cancelling = async::spawn(test::cancel_when(ready, scope, async::CancelReason::timeout), "cancelling");
    const auto outcome = co_await scope.run(action->adopt(attempt, daemon.mark(), adopted.report));
    CHECK_FALSE(outcome);
    co_await cancelling;
    const io::ForeignTree tree{.leader = daemon.mark(), .marker = test::tree_marker()};
    const auto left = co_await io::members_of(tree);
    CHECK(left.empty());
    co_return adopted;
  };
  const auto adopted = async::run(body());
  CHECK(adopted.output() == "terminated\n");
  CHECK(adopted.report.exit_code == 9);
}

TEST_CASE("the control group of a run goes with it, though its job shall have none, or another one, by now",
          "[adopt][cgroup]") {
  const auto subtree = io::CgroupSubtree::find();
  if (!subtree) {
    WARN("skipped: " << subtree.error());
    return;
  }
  const Gate gate;
  ExecSpec spec{.command = "echo before; read x <" + gate.go, .kill_mode = KillMode::cgroup};
  EarlierDaemon daemon(jobs::make_exec(spec), true);
  wait_for_output(daemon, 7);
  daemon.kill();
  const std::string groups = "belfry-run-" + test::tree_id() + "-7-";
  CHECK(subtree->names(groups).size() == 1);
  spec.kill_mode = GENERATE(KillMode::tree, KillMode::process);
  const auto adopted = async::run(adopt_and_open(jobs::make_exec(spec), daemon, gate));
  CHECK(adopted.outcome == Outcome::success);
  CHECK(subtree->names(groups).empty());
}

TEST_CASE("one that is cancelled while it is adopted is ended all the same, wherever its secrets are looked for",
          "[adopt]") {
  Ready ready;
  const std::string secrets = GENERATE("", "/no/such/folder");
  const auto action = jobs::make_exec({.command = "echo >$READY; exec sleep 1000",
                                       .environment = {{"READY", ready.path()}},
                                       .secrets_folder = secrets});
  EarlierDaemon daemon(action, true);
  const auto body = [&]() -> async::Task<> {
    co_await ready.wait();
    daemon.kill();
    engine::Report report;
    report.kept_output = daemon.kept_output();
    report.kept_error = daemon.kept_error();
    const engine::Attempt attempt = EarlierDaemon::attempt();
    async::CancelScope scope;
    const auto cancel = [&scope]() -> async::Task<> {
      scope.cancel(async::CancelReason::timeout);
      co_return;
    };
    auto cancelling = async::spawn(cancel(), "cancelling");  // runs at the first wait of what follows
    const auto outcome = co_await scope.run(action->adopt(attempt, daemon.mark(), report));
    co_await cancelling;
    CHECK_FALSE(outcome);
    const io::ForeignTree tree{.leader = daemon.mark(), .marker = test::tree_marker()};
    const auto left = co_await io::members_of(tree);
    CHECK(left.empty());
  };
  async::run(body());
}

TEST_CASE("of a program that ended while there was no daemon, the output is kept and its children are ended",
          "[adopt]") {
  const Gate gate;
  const Gate told;  // that the child has let go of the output: through that it could be read without a keeper, too
  const auto action =
      jobs::make_exec({.command = "echo before; read x <" + gate.go + "; setsid sh -c 'echo >" + told.go +
                                  "; exec sleep 1000' >/dev/null 2>&1 & read y <" + told.go + "; echo after; exit 5"});
  EarlierDaemon daemon(action, GENERATE(true, false));
  wait_for_output(daemon, 7);
  daemon.kill();
  gate.open();
  while (io::start_ticks_of(daemon.mark().pid) == daemon.mark().start_ticks) ::sched_yield();
  const auto adopted = async::run(adopt_it(action, daemon));
  CHECK(adopted.output() == (daemon.keeps() ? "before\nafter\n" : "before\n"));
  CHECK(adopted.report.orphans == 1);
  if (daemon.keeps() && io::pidfd_keeps_status()) {
    CHECK(adopted.outcome == Outcome::failure);
    CHECK(adopted.report.message == "exit code 5");
  } else {
    CHECK_FALSE(adopted.outcome);
    CHECK_THAT(adopted.report.message, Catch::Matchers::Contains("how it ended is unknown"));
  }
}

TEST_CASE("of a long output, nothing is missing that the budget has room for", "[adopt]") {
  const Gate gate;
  const Gate told;
  const auto action =
      jobs::make_exec({.command = prints_a_lot(told, gate) + "head -c 40000 /dev/zero | tr '\\0' y; echo end",
                       .output_budget = 1'000'000});
  EarlierDaemon daemon(action, true);
  wait_until_taken_in(daemon, told, gate);
  daemon.kill();
  const bool meanwhile = GENERATE(true, false);
  if (meanwhile) {
    gate.open();
    while (io::start_ticks_of(daemon.mark().pid) == daemon.mark().start_ticks) ::sched_yield();
  }
  const auto adopted = async::run(meanwhile ? adopt_it(action, daemon) : adopt_and_open(action, daemon, gate));
  const auto& output = adopted.report.standard_output;
  CHECK(output.dropped_bytes == 0);
  const std::string all = output.head + output.tail;
  CHECK((all == "begin\n" + std::string(300'000, 'x') + std::string(40'000, 'y') + "end\n"));  // too long to be shown
}

TEST_CASE("of one that is longer than the budget, the ends are what the budget says", "[adopt]") {
  const Gate gate;
  const Gate told;
  const auto action = jobs::make_exec({.command = prints_a_lot(told, gate) + "echo end", .output_budget = 20'000});
  EarlierDaemon daemon(action, true);
  wait_until_taken_in(daemon, told, gate);
  daemon.kill();
  const auto adopted = async::run(adopt_and_open(action, daemon, gate));
  const auto& output = adopted.report.standard_output;
  CHECK(output.total_bytes == 300'010);
  CHECK(output.head == "begin\n" + std::string(9'994, 'x'));
  CHECK(output.tail == std::string(9'996, 'x') + "end\n");
}

TEST_CASE("where nobody keeps the larger memory of a long output, its ends and its length are kept all the same",
          "[adopt]") {
  std::vector<std::uint64_t> memory(512);
  engine::Report report;
  report.kept_output = std::as_writable_bytes(std::span(memory));
  report.keep = [](std::span<const io::LabelledFd>, bool) { return false; };
  const auto action = jobs::make_exec({.command = "echo begin; head -c 100000 /dev/zero | tr '\\0' x; echo end"});
  const auto body = [&]() -> async::Task<> {
    const engine::Attempt attempt = EarlierDaemon::attempt();
    co_await action->run(attempt, report);
  };
  async::run(body());
  const io::OutputMirror::Kept kept = io::OutputMirror(report.kept_output).read();
  CHECK(kept.total == 100'010);
  CHECK(kept.head.starts_with("begin\nxxx"));
  CHECK(kept.tail.ends_with("xxxend\n"));
}
