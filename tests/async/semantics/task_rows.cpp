// What people who know asyncio expect of tasks, futures and sleeping. Each case is named by its row's id; where belfry
// differs on purpose docs/async/differences.md says why, and the case "differs ID" holds belfry to what it says.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/future.hpp"
#include "async/nap.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<> note(std::string& log, char mark) {
  log += mark;
  co_return;
}

Task<> steps(std::string& log, char mark, int count) {
  for (int i = 0; i < count; ++i) {
    log += mark;
    co_await yield();
  }
}

}  // namespace

TEST_CASE("task-05: awaiting a finished task does not give up the turn") {
  run_async([]() -> Task<> {
    std::string log;
    JoinHandle<> finished = spawn(note(log, 'f'));
    co_await settle();
    JoinHandle<> other = spawn(note(log, 'o'));
    co_await finished;
    log += 'm';
    co_await other;
    CHECK(log == "fmo");
  });
}

TEST_CASE("task-09: tasks that yield after each step alternate strictly") {
  run_async([]() -> Task<> {
    std::string log;
    JoinHandle<> a = spawn(steps(log, 'a', 4));
    JoinHandle<> b = spawn(steps(log, 'b', 4));
    co_await a;
    co_await b;
    CHECK(log == "abababab");
  });
}

TEST_CASE("differs task-18: a task's result goes to the one who joins it; several share a Future") {
  run_async([]() -> Task<> {
    std::string log;
    Promise<int> promise;
    const Future<int> future = promise.future();
    auto third = [&]() -> Task<> { promise.set_value(co_await after(1s, 7)); };
    auto wait = [&](char mark) -> Task<> {
      const int value = co_await future;
      log += mark + std::to_string(value);
    };
    JoinHandle<> task = spawn(third());
    JoinHandle<> a = spawn(wait('a'));
    JoinHandle<> b = spawn(wait('b'));
    co_await a;
    co_await b;
    CHECK(log == "a7b7");
    co_await task;
    std::string said;
    try {
      co_await task;
    } catch (const std::logic_error& error) {
      said = error.what();
    }
    CHECK(said.find("joined already") != std::string::npos);
  });
}

TEST_CASE("future-03: all who wait for a future wake when it is resolved, in the order in which they began to wait") {
  run_async([]() -> Task<> {
    std::string log;
    Promise<int> promise;
    const Future<int> future = promise.future();
    auto wait = [&](char mark) -> Task<> {
      const int value = co_await future;
      CHECK(value == 7);
      log += mark;
    };
    JoinHandle<> a = spawn(wait('a'));
    JoinHandle<> b = spawn(wait('b'));
    JoinHandle<> c = spawn(wait('c'));
    co_await settle();
    CHECK(log.empty());
    promise.set_value(7);
    co_await settle();
    CHECK(log == "abc");
  });
}

TEST_CASE("future-06: all who wait for a future get the same error") {
  run_async([]() -> Task<> {
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::vector<const std::exception*> seen;
    auto wait = [&]() -> Task<> {
      try {
        (void)co_await future;
      } catch (const std::runtime_error& error) {
        seen.push_back(&error);
      }
    };
    JoinHandle<> a = spawn(wait());
    JoinHandle<> b = spawn(wait());
    co_await settle();
    promise.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    co_await settle();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == seen[1]);
  });
}

TEST_CASE("sleep-04: sleeps that began together end in the order of their lengths") {
  run_async([]() -> Task<> {
    std::vector<int> order;
    auto nap = [&](int milliseconds) -> Task<> { order.push_back(co_await after(milliseconds * 1ms, milliseconds)); };
    JoinHandle<> a = spawn(nap(30));
    JoinHandle<> b = spawn(nap(10));
    JoinHandle<> c = spawn(nap(20));
    co_await a;
    co_await b;
    co_await c;
    CHECK(order == std::vector{10, 20, 30});
  });
}
