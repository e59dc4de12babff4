// Processes that somebody else started: found again, signalled, swept, and their end known by each of the roads.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/foreign_exit.hpp"
#include "io/foreign_tree.hpp"
#include "io/output_capture.hpp"
#include "io/process.hpp"
#include "io/process_tree.hpp"
#include "support/orphan.hpp"
#include "support/tree_id.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using io::AdoptOptions;
using io::Process;
using io::ProcessMark;
using test::Orphan;

namespace {

constexpr AdoptOptions by_zombie{.by_zombie = true, .by_pidfd = false, .by_trace = false};
constexpr AdoptOptions by_pidfd{.by_zombie = false, .by_pidfd = true, .by_trace = false};
constexpr AdoptOptions by_trace{.by_zombie = false, .by_pidfd = false, .by_trace = true};
constexpr AdoptOptions by_nothing{.by_zombie = false, .by_pidfd = false, .by_trace = false};

async::Task<io::ExitStatus> adopt_and_wait(Orphan& orphan, AdoptOptions options) {
  auto process = Process::adopt(orphan.mark(), options);
  if (!process) FAIL("it is not there");
  orphan.go_on();
  io::ExitStatus status = co_await process->wait();
  co_return status;
}

io::ExitStatus end_of(const std::string& script, AdoptOptions options) {
  Orphan orphan(script);
  return async::run(adopt_and_wait(orphan, options));
}

// Until the tracer, which begins on a thread of its own, has it.
bool is_traced(pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/status";
  std::array<char, 4096> text{};
  const io::Fd status(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (::read(status.get(), text.data(), text.size() - 1) <= 0) return false;
  return std::string_view(text.data()).find("TracerPid:\t0\n") == std::string_view::npos;
}

async::Task<io::ExitStatus> trace_and_wait(Orphan& orphan) {
  auto process = Process::adopt(orphan.mark(), by_trace);
  REQUIRE(process);
  while (!is_traced(orphan.mark().pid)) co_await async::yield();
  orphan.go_on();
  io::ExitStatus status = co_await process->wait();
  co_return status;
}

io::ExitStatus traced_end_of(const std::string& script) {
  Orphan orphan(script);
  return async::run(trace_and_wait(orphan));
}

}  // namespace

TEST_CASE("a launch knows the mark of its process as /proc tells it", "[adoption]") {
  for (int i = 0; i < 50; ++i) {
    const auto launched = io::launch({.argv = {"/bin/true"}, .environment = {}, .working_dir = {}});
    REQUIRE(launched);
    siginfo_t info{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(launched->pid), &info, WEXITED | WNOWAIT) == 0);
    CHECK(launched->mark().start_ticks == io::start_ticks_of(launched->pid));
    ::waitpid(launched->pid, nullptr, 0);
  }
  CHECK_FALSE(io::start_ticks_of(1 << 30));
}

TEST_CASE("a process that has gone, or whose number another one has, is not adopted", "[adoption]") {
  Orphan orphan("exec sleep 1000");
  const auto body = [](ProcessMark mark) -> async::Task<> {
    ProcessMark other = mark;
    ++other.start_ticks;
    CHECK_FALSE(Process::adopt(other));
    CHECK_FALSE(Process::adopt({.pid = 1 << 30, .start_ticks = 1}));
    auto process = Process::adopt(mark);
    REQUIRE(process);
    CHECK_THROWS_AS(process->reap(), std::logic_error);
    process->signal_group(SIGKILL);
    co_await process->wait();
    CHECK_THROWS_AS(process->reap(), std::logic_error);
  };
  async::run(body(orphan.mark()));
  orphan.wait();
  const auto gone = [](ProcessMark mark) -> async::Task<> {
    CHECK_FALSE(Process::adopt(mark));
    co_return;
  };
  async::run(gone(orphan.mark()));
}

TEST_CASE("the kernel tells the status of a foreign process", "[adoption]") {
  if (!io::pidfd_keeps_status()) return;  // before Linux 6.15
  CHECK(end_of("read go; exit 42", by_pidfd).exit_code == 42);
  CHECK(end_of("read go; exit 0", by_pidfd).exit_code == 0);
  const auto killed = end_of("read go; kill -TERM $$", by_pidfd);
  CHECK(killed.signal == SIGTERM);
  CHECK_FALSE(killed.exit_code);
}

TEST_CASE("the status of a foreign process that its parent does not reap is read from /proc", "[adoption]") {
  const auto end = [](const std::string& script) {
    Orphan orphan(script, "ORPHAN=1", Orphan::Extra::lazy_parent);
    return async::run(adopt_and_wait(orphan, by_zombie));
  };
  CHECK(end("read go; exit 42").exit_code == 42);
  CHECK(end("read go; exit 0").exit_code == 0);
  CHECK(end("read go; kill -KILL $$").signal == SIGKILL);
}

TEST_CASE("a tracer is told the status and the usage of a foreign process", "[adoption]") {
  const auto status = traced_end_of("read go; exit 42");
  CHECK(status.exit_code == 42);
  CHECK(status.usage.max_rss_bytes > 100'000);
  CHECK(traced_end_of("read go; kill -KILL $$").signal == SIGKILL);
}

TEST_CASE("a traced process takes its signals, and stops and goes on, as ever", "[adoption]") {
  // It stops itself; a child wakes it.
  CHECK(traced_end_of("read go; (sleep 0.05; kill -CONT $$) & kill -STOP $$; exit 5").exit_code == 5);
  CHECK(traced_end_of("trap 'exit 6' TERM; read go; kill -TERM $$; exit 1").exit_code == 6);
  CHECK(traced_end_of("read go; exec sh -c 'exit 7'").exit_code == 7);
  CHECK(traced_end_of("read go; kill -TERM $$").signal == SIGTERM);
}

TEST_CASE("who may be asked neither way has ended, nobody knows how", "[adoption]") {
  const auto status = end_of("read go; exit 42", by_nothing);
  CHECK_FALSE(status.exit_code);
  CHECK_FALSE(status.signal);
}

TEST_CASE("a process that is our own child is waited for as ever", "[adoption]") {
  const auto body = []() -> async::Task<> {
    const auto launched = io::launch({.argv = {"/bin/sh", "-c", "exit 9"}, .environment = {}, .working_dir = {}});
    REQUIRE(launched);
    auto process = Process::adopt(launched->mark(), by_nothing);
    REQUIRE(process);
    const auto status = co_await process->wait();
    CHECK(status.exit_code == 9);
    CHECK(::waitpid(launched->pid, nullptr, WNOHANG) == -1);
  };
  async::run(body());
}

TEST_CASE("strays are reaped beside a traced process, whose status stays its tracer's", "[adoption]") {
  Orphan orphan("read go; exit 42");
  const auto body = [](Orphan& traced) -> async::Task<> {
    auto process = Process::adopt(traced.mark(), by_trace);
    REQUIRE(process);
    while (!is_traced(traced.mark().pid)) co_await async::yield();
    traced.go_on();
    co_await process->ended();
    io::reap_strays();
    CHECK(process->reap().exit_code == 42);
  };
  async::run(body(orphan));
}

TEST_CASE("the sweep of a foreign process finds its group and its marker, and spares all others", "[adoption]") {
  Orphan other("echo ready; exec sleep 1000", test::tree_marker("71"));
  CHECK(other.line() == "ready");
  // In its group; in a session of its own; daemonised by a double fork.
  Orphan orphan("sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000 & echo ready; exec sleep 1000' &); read go",
                test::tree_marker());
  CHECK(orphan.line() == "ready");
  const auto body = [](Orphan& adopted) -> async::Task<> {
    auto process = Process::adopt(adopted.mark());
    REQUIRE(process);
    adopted.go_on();
    co_await process->ended();
    const io::Survivors swept = co_await process->sweep(test::tree_marker());
    CHECK(swept.ended == 4);
    const io::ForeignTree tree{.leader = adopted.mark(), .marker = test::tree_marker()};
    const auto left = co_await io::members_of(tree);
    CHECK(left.empty());
    process->reap();
  };
  async::run(body(orphan));
  CHECK(io::start_ticks_of(other.mark().pid) == other.mark().start_ticks);
}

TEST_CASE("one of its tree that is between two programs is found all the same", "[adoption]") {
  // Becomes another shell again and again.
  Orphan orphan(R"(again='exec sh -c "$0" "$0"'; setsid sh -c 'echo ready; '"$again" "$again" & read go)",
                test::tree_marker());
  CHECK(orphan.line() == "ready");
  const auto body = [](Orphan& adopted) -> async::Task<> {
    auto process = Process::adopt(adopted.mark());
    REQUIRE(process);
    const io::ForeignTree tree{.leader = {}, .marker = test::tree_marker()};
    std::size_t found = 0;
    for (int look = 0; look < 500; ++look) found += (co_await io::members_of(tree)).size();
    CHECK(found == 1000);
    adopted.go_on();
    co_await process->ended();
    CHECK((co_await process->sweep(test::tree_marker())).ended == 1);
    process->reap();
  };
  async::run(body(orphan));
}

TEST_CASE("the output of a foreign process is read on, wherever the pipe is now", "[adoption]") {
  Orphan orphan("echo first; read go; echo second; exec >/dev/null; (echo third >&3) ; exit 0", test::tree_marker("8"),
                Orphan::Extra::third_is_output);
  CHECK(orphan.line() == "first");
  const std::uint64_t inode = orphan.leave_output();
  const auto body = [inode](Orphan& adopted) -> async::Task<> {
    auto process = Process::adopt(adopted.mark());
    REQUIRE(process);
    const std::array leader{adopted.mark()};
    CHECK_FALSE(io::reopen_pipe(leader, inode + 1'000'000));
    io::OutputCapture output(io::reopen_pipe(leader, inode), io::HeadTailBuffer(1000));
    CHECK_FALSE(output.at_end());
    adopted.go_on();
    co_await process->wait();
    co_await output.ended();
    CHECK(output.buffer().head() == "second\nthird\n");
  };
  async::run(body(orphan));
}
