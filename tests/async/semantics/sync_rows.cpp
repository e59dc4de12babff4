// What people who know asyncio expect of locks, semaphores and events; see task_rows.cpp.
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/gather.hpp"
#include "async/lock.hpp"
#include "async/semaphore.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("semaphore-01: never more are inside than there are permits") {
  run_shuffled([]() -> Task<> {
    Semaphore two(2);
    int inside = 0;
    int most = 0;
    auto work = [&]() -> Task<> {
      const Semaphore::Permit permit = co_await two.acquire();
      most = std::max(most, ++inside);
      co_await sleep(1s);
      --inside;
    };
    std::vector<Task<>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(work());
    co_await gather(std::move(tasks));
    CHECK(most == 2);
    CHECK(inside == 0);
  });
}

TEST_CASE("differs lock-05: only the task that holds a lock can release it, and another one is told what to do") {
  run_async([]() -> Task<> {
    Lock lock;
    Lock::Guard guard = co_await lock.acquire();
    std::string message;
    auto other = [&]() -> Task<> {
      try {
        guard.release();
      } catch (const NotLockOwner& error) {
        message = error.what();
      }
      co_return;
    };
    JoinHandle<> task = spawn(other(), "stranger");
    co_await task;
    CHECK(message.find("stranger") != std::string::npos);
    CHECK(lock.locked());
    guard.release();
    CHECK_FALSE(lock.locked());
  });
}

TEST_CASE("semaphore-04: a plain semaphore that is released without an acquire has one permit more") {
  run_async([]() -> Task<> {
    Semaphore one(1);
    one.release();
    CHECK(one.statistics().available == 2);
    const Semaphore::Permit first = co_await one.acquire();
    const Semaphore::Permit second = co_await one.acquire();
    CHECK_FALSE(one.try_acquire());
  });
}

TEST_CASE("semaphore-05: releasing a bounded semaphore without an acquire is an error") {
  run_async([]() -> Task<> {
    BoundedSemaphore one(1);
    CHECK_THROWS_AS(one.release(), std::logic_error);
    CHECK(one.statistics().available == 1);
    co_return;
  });
}

TEST_CASE("differs semaphore-08: a waiter that has its permit keeps it through a cancellation, and gives it on") {
  run_async([]() -> Task<> {
    Semaphore one(1);
    std::string log;
    auto work = [&](char mark) -> Task<> {
      const Semaphore::Permit permit = co_await one.acquire();
      log += mark;
      co_await sleep(1s);
      log += "done ";
    };
    Semaphore::Permit held = co_await one.acquire();
    JoinHandle<> a = spawn(work('a'));
    JoinHandle<> b = spawn(work('b'));
    co_await settle();
    held.release();  // grants it to a
    a.cancel();
    co_await settle();
    CHECK(a.done());
    CHECK(log == "ab");  // a's next await threw, and its permit went to b
    co_await b;
    CHECK(one.statistics().available == 1);
  });
}

TEST_CASE("semaphore-09: a newcomer does not overtake a waiter that has not run yet") {
  run_async([]() -> Task<> {
    Semaphore one(1);
    std::string log;
    auto work = [&](char mark) -> Task<> {
      const Semaphore::Permit permit = co_await one.acquire();
      log += mark;
    };
    Semaphore::Permit held = co_await one.acquire();
    JoinHandle<> waiter = spawn(work('w'));
    co_await settle();
    held.release();
    CHECK_FALSE(one.try_acquire());
    co_await work('n');
    CHECK(log == "wn");
    co_await waiter;
  });
}

TEST_CASE("event-01: all who wait wake when the event is set") {
  run_async([]() -> Task<> {
    Event event;
    std::string log;
    auto wait = [&](char mark) -> Task<> {
      co_await event.wait();
      log += mark;
    };
    JoinHandle<> a = spawn(wait('a'));
    JoinHandle<> b = spawn(wait('b'));
    JoinHandle<> c = spawn(wait('c'));
    co_await settle();
    CHECK(log.empty());
    event.set();
    co_await settle();
    CHECK(log == "abc");
  });
}

TEST_CASE("event-04: who waits for a cleared event waits until the next set") {
  run_async([]() -> Task<> {
    Event event;
    event.set();
    event.clear();
    auto wait = [&]() -> Task<> { co_await event.wait(); };
    JoinHandle<> waiter = spawn(wait());
    co_await settle();
    CHECK_FALSE(waiter.done());
    event.set();
    co_await settle();
    CHECK(waiter.done());
  });
}

TEST_CASE("event-05: setting a set event has no effect") {
  run_async([]() -> Task<> {
    Event event;
    event.set();
    event.set();
    CHECK(event.is_set());
    co_await event.wait();
    event.clear();
    CHECK_FALSE(event.is_set());
  });
}
