// ContextVar: inheritance, tokens, threads.
#include "async/context_var.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/gather.hpp"
#include "async/generator.hpp"
#include "async/run.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "async/thread_pool.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;

namespace {

ContextVar<std::string> request("request", "-");

Task<std::string> read() {
  co_await yield();
  co_return request.get();
}

Task<> change(std::string to) {
  request.set(std::move(to));
  co_return;
}

}  // namespace

TEST_CASE("a task begins with its parent's values of that moment, and its changes stay its own", "[context_var]") {
  run_async([]() -> Task<> {
    CHECK(request.get() == "-");
    request.set("a");
    JoinHandle<std::string> child = spawn(read());
    request.set("b");  // too late for the child
    const std::string seen = co_await child;
    CHECK(seen == "a");
    co_await spawn(change("c"));
    CHECK(request.get() == "b");
    co_await change("d");  // awaited, not spawned: the same task
    CHECK(request.get() == "d");
    auto body = [](TaskGroup& group) -> Task<> {
      group.start([]() -> Task<> {
        CHECK(request.get() == "d");
        request.set("e");
        co_return;
      }());
      co_return;
    };
    co_await with_task_group(body);
    CHECK(request.get() == "d");
  });
}

TEST_CASE("a token undoes its set, in its own task only", "[context_var]") {
  run_async([]() -> Task<> {
    static ContextVar<int> depth("depth");
    CHECK_THROWS_AS(depth.get(), std::logic_error);
    CHECK(depth.get_or(7) == 7);
    ContextVar<int>::Token first = depth.set(1);
    ContextVar<int>::Token second = depth.set(2);
    depth.reset(std::move(second));
    CHECK(depth.get() == 1);
    depth.reset(std::move(first));
    CHECK(depth.get_or(7) == 7);

    static ContextVar<int> other("other");
    CHECK_THROWS_AS(other.reset(depth.set(1)), std::logic_error);
    ContextVar<int>::Token mine = depth.set(3);
    auto reset = [&]() -> Task<> {
      CHECK_THROWS_AS(depth.reset(std::move(mine)), std::logic_error);
      co_return;
    };
    co_await spawn(reset());
    CHECK(depth.get() == 3);
  });
}

TEST_CASE("a generator runs with the values of its consumer", "[context_var]") {
  run_async([]() -> Task<> {
    auto values = []() -> AsyncGenerator<std::string> {
      for (;;) co_yield request.get();
    };
    AsyncGenerator<std::string> generator = values();
    request.set("x");
    std::optional<std::string> seen = co_await generator.next();
    CHECK(seen == "x");
    request.set("y");
    seen = co_await generator.next();
    CHECK(seen == "y");
  });
}

TEST_CASE("a function in a thread has the values of the task that awaits it", "[context_var]") {
  ThreadPool pool(ThreadPoolOptions("context").threads(1));
  const ContextVar<std::string>::Token outside = request.set("main thread");
  run_real([&]() -> Task<> {
    CHECK(request.get() == "main thread");  // run() begins with those of its thread
    request.set("task");
    auto in_thread = [] {
      const std::string seen = request.get();
      request.set("thread");
      return seen;
    };
    for (int i = 0; i < 2; ++i) {
      const std::string seen = co_await pool.run(in_thread);
      CHECK(seen == "task");
    }
    CHECK(request.get() == "task");
  });
  CHECK(request.get() == "main thread");
  request.set("-");
}
