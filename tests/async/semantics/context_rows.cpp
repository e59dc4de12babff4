// What people who know contextvars expect; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "async/context_var.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "async/thread_pool.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

ContextVar<int> level("level", 0);

Task<> note_and_set(std::vector<int>& seen, int to) {
  seen.push_back(level.get());
  level.set(to);
  co_await yield();
  seen.push_back(level.get());
}

}  // namespace

TEST_CASE("differs context-05: what is awaited uses the caller's very context, what is spawned has a copy") {
  run_async([]() -> Task<> {
    std::vector<int> seen;
    level.set(1);
    co_await note_and_set(seen, 2);
    CHECK(level.get() == 2);
    JoinHandle<> copy = spawn(note_and_set(seen, 3));
    co_await copy;
    CHECK(level.get() == 2);
    CHECK(seen == std::vector{1, 2, 2, 3});
  });
}

TEST_CASE("differs context-10: a task that waits for another one's end sees the values of when it was spawned") {
  run_async([]() -> Task<> {
    int seen = 0;
    auto sleeper = []() -> Task<> { co_await sleep(1s); };
    JoinHandle<> task = spawn(sleeper());
    auto when_done = [&]() -> Task<> {
      co_await task;
      seen = level.get();
    };
    level.set(1);
    JoinHandle<> follower = spawn(when_done());
    level.set(2);
    co_await follower;
    CHECK(seen == 1);
  });
}

TEST_CASE("context-11: a member of a task group gets a copy of the values of the moment in which it is started") {
  run_async([]() -> Task<> {
    std::vector<int> seen;
    co_await with_task_group([&](TaskGroup& group) -> Task<> {
      level.set(1);
      group.start(note_and_set(seen, 7));
      level.set(2);
      group.start(note_and_set(seen, 8));
      level.set(3);
      co_return;
    });
    CHECK(seen == std::vector{1, 2, 7, 8});
    CHECK(level.get() == 3);
  });
}

TEST_CASE("thread-04: a function in a thread sees the caller's values, and what it changes does not come back") {
  run_real([]() -> Task<> {
    ThreadPool pool(ThreadPoolOptions("worker").threads(1));
    level.set(1);
    auto in_thread = [] {
      const int seen = level.get();
      level.set(9);
      return seen;
    };
    const int seen = co_await to_thread(pool, in_thread);
    CHECK(seen == 1);
    CHECK(level.get() == 1);
    level.set(2);
    const int again = co_await to_thread(pool, in_thread);
    CHECK(again == 2);
  });
}
