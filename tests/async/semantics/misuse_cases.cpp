// Misuse that only shows when the program runs: it throws, and the message says what to do instead. What the compiler
// stops is in tests/must_not_compile.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "async/bridge.hpp"
#include "async/future.hpp"
#include "async/lock.hpp"
#include "async/loop.hpp"
#include "async/run.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Task<int> answer() { co_return 42; }
Task<> nothing() { co_return; }

/// What the call throws as std::logic_error; empty if it throws nothing.
template <class F>
std::string complaint(F&& call) {
  try {
    call();
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("spawning outside of a loop says how to get into one") {
  CHECK_THAT(complaint([] { (void)spawn(nothing()); }), Contains("see run()"));
}

TEST_CASE("spawning on another thread than the loop's says that no loop runs there") {
  run_real([]() -> Task<> {
    std::string said;
    std::jthread([&] { said = complaint([] { (void)spawn(nothing()); }); }).join();
    CHECK_THAT(said, Contains("no loop runs on this thread"));
    co_return;
  });
}

TEST_CASE("a Promise outside of a loop says how to get into one") {
  CHECK_THAT(complaint([] { const Promise<int> promise; }), Contains("see run()"));
}

TEST_CASE("running a loop within a loop says to co_await instead") {
  run_async([]() -> Task<> {
    CHECK_THAT(complaint([] { (void)run(answer()); }), Contains("co_await the task instead"));
    co_return;
  });
}

TEST_CASE("awaiting a Task that was moved from says so") {
  run_async([]() -> Task<> {
    Task<int> task = answer();
    const int value = co_await std::move(task);
    CHECK(value == 42);
    std::string said;
    try {
      (void)co_await std::move(task);  // NOLINT(bugprone-use-after-move): that is the mistake
    } catch (const std::logic_error& error) {
      said = error.what();
    }
    CHECK_THAT(said, Contains("moved from or awaited before"));
    CHECK_THAT(complaint([&] { (void)spawn(std::move(task)); }), Contains("moved from or awaited before"));
  });
}

TEST_CASE("a task that joins itself is told so instead of waiting for ever") {
  run_async([]() -> Task<> {
    JoinHandle<> self;
    std::string said;
    auto body = [&]() -> Task<> {
      try {
        co_await self;
      } catch (const std::logic_error& error) {
        said = error.what();
      }
    };
    self = spawn(body());
    co_await settle();
    CHECK_THAT(said, Contains("joins itself"));
  });
}

TEST_CASE("a task that acquires a lock it holds is told so instead of waiting for ever") {
  run_async([]() -> Task<> {
    Lock lock;
    const Lock::Guard guard = co_await lock.acquire();
    std::string said;
    try {
      const Lock::Guard again = co_await lock.acquire();
    } catch (const std::logic_error& error) {
      said = error.what();
    }
    CHECK_THAT(said, Contains("holds"));
  });
}

TEST_CASE("setting a promise twice says so") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    promise.set_value(1);
    CHECK_THAT(complaint([&] { promise.set_value(2); }), Contains("already"));
    co_return;
  });
}

TEST_CASE("blocking on a coroutine in the loop's own thread says to co_await instead of waiting for ever") {
  run_async([]() -> Task<> {
    ThreadFuture<int> future = run_coroutine_threadsafe(Loop::current(), answer());
    CHECK_THAT(complaint([&] { (void)future.result(); }), Contains("co_await the task instead"));
    co_await settle();
    CHECK(future.done());
  });
}
