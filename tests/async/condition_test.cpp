// Condition: wait, notify, the lock around them.
#include "async/condition.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("notify wakes the longest waiting, one after the other holds the lock", "[condition]") {
  run_shuffled([]() -> Task<> {
    Lock lock;
    Condition condition(lock);
    std::vector<int> woken;
    auto wait = [&](int number) -> Task<> {
      Lock::Guard guard = co_await lock.acquire();
      co_await condition.wait(guard);
      CHECK(guard);
      CHECK(lock.locked());
      woken.push_back(number);
      co_await yield();
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 3; ++i) {
      handles.push_back(spawn(wait(i)));
      co_await settle();
    }
    CHECK(condition.waiters() == 3);
    Lock::Guard guard = co_await lock.acquire();
    condition.notify(2);
    guard.release();
    co_await settle();
    CHECK(woken.size() == 2);
    CHECK(condition.waiters() == 1);
    guard = co_await lock.acquire();
    condition.notify_all();
    guard.release();
    for (JoinHandle<>& handle : handles) co_await handle;
    REQUIRE(woken.size() == 3);
    CHECK(woken.back() == 2);
  });
}

TEST_CASE("wait_for returns the value of its predicate when that has become true", "[condition]") {
  run_async([]() -> Task<> {
    Lock lock;
    Condition condition(lock);
    int level = 0;
    auto wait = [&]() -> Task<int> {
      Lock::Guard guard = co_await lock.acquire();
      const int seen = co_await condition.wait_for(guard, [&] { return level > 1 ? level : 0; });
      co_return seen;
    };
    JoinHandle<int> handle = spawn(wait());
    for (int i = 0; i < 2; ++i) {
      co_await settle();
      CHECK_FALSE(handle.done());
      Lock::Guard guard = co_await lock.acquire();
      ++level;
      condition.notify();
    }
    const int seen = co_await handle;
    CHECK(seen == 2);
    const int at_once = co_await wait();
    CHECK(at_once == 2);
  });
}

TEST_CASE("without the lock a condition refuses", "[condition]") {
  run_async([]() -> Task<> {
    Lock lock;
    Lock other;
    Condition condition(lock);
    CHECK_THROWS_AS(condition.notify(), NotLockOwner);
    Lock::Guard wrong = co_await other.acquire();
    int refused = 0;
    try {
      co_await condition.wait(wrong);
    } catch (const NotLockOwner&) {
      ++refused;
    }
    Lock::Guard empty;
    try {
      co_await condition.wait(empty);
    } catch (const NotLockOwner&) {
      ++refused;
    }
    CHECK(refused == 2);
    const Lock::Guard guard = co_await lock.acquire();
    condition.notify();  // nobody waits: it is lost
  });
}

TEST_CASE("a cancelled wait leaves with the lock held again", "[condition]") {
  run_async([]() -> Task<> {
    Lock lock;
    Condition condition(lock);
    bool held_at_cancel = false;
    auto wait = [&]() -> Task<> {
      Lock::Guard guard = co_await lock.acquire();
      try {
        co_await condition.wait(guard);
      } catch (const Cancelled&) {
        held_at_cancel = static_cast<bool>(guard);
        throw;
      }
    };
    JoinHandle<> handle = spawn(wait());
    co_await settle();
    Lock::Guard guard = co_await lock.acquire();
    handle.cancel();
    co_await settle();
    CHECK_FALSE(handle.done());  // it waits for the lock
    guard.release();
    bool cancelled = false;
    try {
      co_await handle;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
    CHECK(held_at_cancel);
    CHECK_FALSE(lock.locked());
  });
}

TEST_CASE("no notification is lost between a cancellation and the next waiter", "[condition]") {
  run_shuffled([]() -> Task<> {
    Lock lock;
    Condition condition(lock);
    int items = 0;
    int taken = 0;
    auto take = [&]() -> Task<> {
      Lock::Guard guard = co_await lock.acquire();
      co_await condition.wait_for(guard, [&] { return items > 0; });
      --items;
      ++taken;
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 4; ++i) handles.push_back(spawn(take()));
    co_await settle();
    {
      const Lock::Guard guard = co_await lock.acquire();
      items = 2;
      handles[0].cancel();  // before it is notified: the notification goes to another
      condition.notify(2);
      for (JoinHandle<>& handle : handles) {
        if (&handle != &handles[3]) handle.cancel();  // after: who was notified has won
      }
    }
    co_await settle();
    CHECK(taken == 2);
    CHECK(items == 0);
    handles.clear();
    co_await settle();
  });
}

TEST_CASE("two conditions of one lock wake their own waiters only", "[condition]") {
  run_async([]() -> Task<> {
    Lock lock;
    Condition full(lock);
    Condition empty(lock);
    auto wait = [&](Condition& condition) -> Task<> {
      Lock::Guard guard = co_await lock.acquire();
      co_await condition.wait(guard);
    };
    JoinHandle<> a = spawn(wait(full));
    JoinHandle<> b = spawn(wait(empty));
    co_await settle();
    Lock::Guard guard = co_await lock.acquire();
    full.notify_all();
    guard.release();
    co_await a;
    CHECK_FALSE(b.done());
    guard = co_await lock.acquire();
    empty.notify_all();
    guard.release();
    co_await b;
  });
}
