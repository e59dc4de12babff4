#include "io/process_tree.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "io/launch.hpp"

using namespace belfry::io;

namespace {

// Runs a script to the end of its shell and reaps it; returns what it printed (one line is waited for).
struct Leader {
  pid_t pid = 0;
  std::string line;
};

Leader run_leader(const std::string& script, const std::string& marker) {
  Pipe out = make_pipe();
  LaunchSpec spec;
  spec.argv = {"/bin/sh", "-c", script};
  spec.environment = {"PATH=/usr/bin:/bin", marker};
  const auto launched = launch(spec, {.standard_output = out.write_end.get()});
  REQUIRE(launched);
  Leader leader{launched->pid, {}};
  while (!leader.line.ends_with('\n')) {
    pollfd wait{out.read_end.get(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 10'000) == 1);
    char c = 0;
    if (::read(out.read_end.get(), &c, 1) == 1) leader.line += c;
  }
  REQUIRE(::waitpid(leader.pid, nullptr, 0) == leader.pid);
  return leader;
}

void sweep_all(TreeSweep& sweep) {
  for (auto found = sweep.round(adopted_children()); !found.nothing(); found = sweep.round(adopted_children())) {
    if (!found.dying) continue;
    pollfd wait{found.dying->get(), POLLIN, 0};
    REQUIRE(::poll(&wait, 1, 10'000) == 1);
  }
}

bool lives(const std::string& pid) { return ::kill(std::stoi(pid), 0) == 0; }

}  // namespace

TEST_CASE("a sweep ends and reaps background, setsid and daemonised processes", "[process_tree]") {
  become_subreaper();
  // In the group; in a session of its own; daemonised by a double fork. Each tells its number before the shell ends.
  const auto leader = run_leader(
      "sleep 1000 & a=$!; setsid sleep 1000 & b=$!; c=$(setsid sh -c 'sleep 1000 >/dev/null & echo $!'); echo $a $b $c",
      "BELFRY_RUN_ID=41");
  TreeSweep sweep({leader.pid, "BELFRY_RUN_ID=41"});
  sweep_all(sweep);
  CHECK(sweep.survivors().ended == 3);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no zombie either
}

TEST_CASE("a process that forked lists its own children, not those of the one it came from", "[process_tree]") {
  become_subreaper();
  CHECK(adopted_children().empty());
  const pid_t fork = ::fork();
  if (fork == 0) {
    const pid_t own = ::fork();
    if (own == 0) ::_exit(::pause());
    const bool right = adopted_children() == std::vector{own};
    ::kill(own, SIGKILL);
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(fork, &status, 0) == fork);
  CHECK(status == 0);
  ::waitpid(-1, nullptr, 0);  // the other one is ours now
}

TEST_CASE("a child that is said to be no stray is not listed, and reaped when it has ended", "[process_tree]") {
  become_subreaper();
  const pid_t helper = ::fork();
  if (helper == 0) ::_exit(::pause());
  const auto is_listed = [helper] { return std::ranges::count(adopted_children(), helper) == 1; };
  CHECK(is_listed());
  no_stray(helper, true);
  CHECK_FALSE(is_listed());
  ::kill(helper, SIGKILL);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(helper), &ended, WEXITED | WNOWAIT) == 0);
  reap_strays();
  CHECK(::waitpid(helper, nullptr, WNOHANG) == -1);
  no_stray(helper, false);
}

TEST_CASE("a sweep spares the escapees of another tree that still runs", "[process_tree]") {
  become_subreaper();
  const auto other = run_leader("setsid sleep 1000 >/dev/null & echo $!", "BELFRY_RUN_ID=1");
  add_leader(other.pid);  // as if it still ran
  TreeSweep sweep({1 << 30, "BELFRY_RUN_ID=11"});
  sweep_all(sweep);
  CHECK(sweep.survivors().ended == 0);
  CHECK(lives(other.line));
  remove_leader(other.pid);
  TreeSweep own({other.pid, "BELFRY_RUN_ID=1"});
  sweep_all(own);
  CHECK(own.survivors().ended == 1);
}

TEST_CASE("one who cleared its environment and its session is swept once no other leader lives", "[process_tree]") {
  become_subreaper();
  const auto leader = run_leader("setsid env -i sleep 1000 >/dev/null & echo $!", "BELFRY_RUN_ID=5");
  TreeSweep sweep({leader.pid, "BELFRY_RUN_ID=5"});
  sweep_all(sweep);
  CHECK(sweep.survivors().ended == 1);
  CHECK_FALSE(lives(leader.line));
}

// In a session of its own, a shell that becomes another one again and again: for a thirtieth of its time nothing tells
// whose it is.
constexpr const char* restless = R"(self='exec sh -c "$0" "$0"'; setsid sh -c 'echo $$; '"$self" "$self" &)";

TEST_CASE("one who is between two programs is swept all the same", "[process_tree]") {
  become_subreaper();
  const Leader other = run_leader("echo", "BELFRY_RUN_ID=1");
  add_leader(other.pid);  // with another one alive only the environment tells
  int ended = 0;
  for (int times = 0; times < 200; ++times) {
    const Leader leader = run_leader(restless, "BELFRY_RUN_ID=2");
    TreeSweep sweep({leader.pid, "BELFRY_RUN_ID=2"});
    sweep_all(sweep);
    ended += sweep.survivors().ended;
  }
  remove_leader(other.pid);
  CHECK(ended == 200);
  CHECK(adopted_children().empty());
}

TEST_CASE("one who is between two programs is spared if it is to be", "[process_tree]") {
  become_subreaper();
  const Leader leader = run_leader(restless, spared_marker);
  TreeSweep sweep({leader.pid, "BELFRY_RUN_ID=2"});  // no other leader lives
  int unclear = 0;
  for (int round = 0; round < 2000 || (unclear == 0 && round < 1'000'000); ++round) {
    const auto found = sweep.round(adopted_children());
    REQUIRE_FALSE(found.dying);
    unclear += found.unclear ? 1 : 0;
  }
  CHECK(unclear > 0);
  CHECK(lives(leader.line));
  REQUIRE(::kill(std::stoi(leader.line), SIGKILL) == 0);
  REQUIRE(::waitpid(std::stoi(leader.line), nullptr, 0) > 0);
}

TEST_CASE("strays that ended by themselves are reaped, leaders are left to their owner", "[process_tree]") {
  become_subreaper();
  LaunchSpec spec;
  spec.argv = {"/bin/true"};
  const auto mine = launch(spec);
  REQUIRE(mine);
  siginfo_t info;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(mine->pid), &info, WEXITED | WNOWAIT) == 0);
  add_leader(mine->pid);
  reap_strays();
  CHECK(::waitpid(mine->pid, nullptr, WNOHANG) == mine->pid);
  remove_leader(mine->pid);

  const auto stray = launch(spec);
  REQUIRE(stray);
  REQUIRE(::waitid(P_PID, static_cast<id_t>(stray->pid), &info, WEXITED | WNOWAIT) == 0);
  reap_strays();
  CHECK(::waitpid(stray->pid, nullptr, WNOHANG) == -1);
}
