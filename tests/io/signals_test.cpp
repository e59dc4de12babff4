#include "io/signals.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/fd_watcher.hpp"
#include "io/launch.hpp"

using namespace belfry;
using namespace std::chrono_literals;

TEST_CASE("signals are awaited in order, also those that came before", "[signals]") {
  const io::BlockedSignals blocked{SIGTERM, SIGHUP};
  ::raise(SIGHUP);
  const auto body = [&blocked]() -> async::Task<> {
    io::SignalStream signals(blocked);
    const int first = co_await signals.next();
    CHECK(first == SIGHUP);
    const auto none = co_await async::move_on_after(1ms, signals.next());
    CHECK_FALSE(none);
    ::raise(SIGTERM);
    const int second = co_await signals.next();
    CHECK(second == SIGTERM);
  };
  async::run(body());
}

TEST_CASE("signals that the daemon blocks reach a job by their default action", "[signals]") {
  const io::BlockedSignals blocked{SIGTERM};
  io::LaunchSpec spec;
  spec.argv = {"/bin/sh", "-c", "kill -TERM $$; sleep 1000"};
  const auto launched = io::launch(spec);
  REQUIRE(launched);
  int status = 0;
  REQUIRE(::waitpid(launched->pid, &status, 0) == launched->pid);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("a descriptor is readable when something comes, and at its end", "[fd_watcher]") {
  const auto body = []() -> async::Task<> {
    io::Pipe pipe = io::make_pipe();
    io::FdWatcher watcher(pipe.read_end.get());
    const bool early = co_await async::move_on_after(
        1ms, [](io::FdWatcher& watched) -> async::Task<> { co_await watched.readable(); }(watcher));
    CHECK_FALSE(early);
    CHECK(::write(pipe.write_end.get(), "x", 1) == 1);
    co_await watcher.readable();
    co_await watcher.readable();  // it still is
    char c = 0;
    CHECK(::read(pipe.read_end.get(), &c, 1) == 1);
    pipe.write_end.reset();
    co_await watcher.readable();
    CHECK(::read(pipe.read_end.get(), &c, 1) == 0);
  };
  async::run(body());
}

TEST_CASE("a full pipe is writable again when it has been read", "[fd_watcher]") {
  const auto body = []() -> async::Task<> {
    io::Pipe pipe = io::make_pipe();
    ::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK);
    std::string block(1 << 20, 'x');
    CHECK(::write(pipe.write_end.get(), block.data(), block.size()) > 0);
    io::FdWatcher watcher(pipe.write_end.get(), io::FdWatcher::Interest::write);
    async::Loop::current().call_soon([&] { CHECK(::read(pipe.read_end.get(), block.data(), block.size()) > 0); });
    co_await watcher.writable();
    CHECK(::write(pipe.write_end.get(), "x", 1) == 1);
  };
  async::run(body());
}
