// What people who know asyncio expect of conditions and barriers; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "async/barrier.hpp"
#include "async/condition.hpp"
#include "async/lock.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// A lock with a condition, and tasks that wait for it and note their mark when they go on.
struct Room {
  Lock lock;
  Condition changed{lock};
  std::string log;

  Task<> wait(Condition& condition, char mark) {
    Lock::Guard guard = co_await lock.acquire();
    co_await condition.wait(guard);
    log += mark;
  }
  Task<> wait(char mark) { return wait(changed, mark); }

  Task<> notify(std::size_t count) {
    const Lock::Guard guard = co_await lock.acquire();
    changed.notify(count);
  }
};

}  // namespace

TEST_CASE("condition-02: without the lock, waiting and notifying are errors") {
  run_async([]() -> Task<> {
    Room room;
    Lock::Guard none;
    bool refused = false;
    try {
      co_await room.changed.wait(none);
    } catch (const NotLockOwner&) {
      refused = true;
    }
    CHECK(refused);
    CHECK_THROWS_AS(room.changed.notify(), NotLockOwner);
  });
}

TEST_CASE("condition-03: of three waiters, notifying two wakes exactly the two that wait longest") {
  run_async([]() -> Task<> {
    Room room;
    std::vector<JoinHandle<>> waiting;
    for (const char mark : {'a', 'b', 'c'}) waiting.push_back(spawn(room.wait(mark)));
    co_await settle();
    co_await room.notify(2);
    co_await settle();
    CHECK(room.log == "ab");
    co_await room.notify(1);
    co_await settle();
    CHECK(room.log == "abc");
  });
}

TEST_CASE("condition-05: a notification without a waiter is lost") {
  run_async([]() -> Task<> {
    Room room;
    co_await room.notify(1);
    JoinHandle<> late = spawn(room.wait('l'));
    co_await settle();
    CHECK_FALSE(late.done());
    co_await room.notify(1);
    co_await late;
  });
}

TEST_CASE("condition-06: a waiter with a predicate returns when it is notified while that is true, with its value") {
  run_async([]() -> Task<> {
    Room room;
    int value = 0;
    int returned = 0;
    auto wait = [&]() -> Task<> {
      Lock::Guard guard = co_await room.lock.acquire();
      returned = co_await room.changed.wait_for(guard, [&] { return value; });
    };
    JoinHandle<> waiter = spawn(wait());
    co_await settle();
    co_await room.notify(1);
    co_await settle();
    CHECK_FALSE(waiter.done());
    value = 7;
    co_await room.notify(1);
    co_await waiter;
    CHECK(returned == 7);
  });
}

TEST_CASE("condition-07: a predicate that is true from the start is not waited for") {
  run_async([]() -> Task<> {
    Room room;
    Lock::Guard guard = co_await room.lock.acquire();
    const bool value = co_await room.changed.wait_for(guard, [] { return true; });
    CHECK(value);
  });
}

TEST_CASE("condition-08: a waiter that is cancelled takes the lock again before the cancellation leaves the wait") {
  run_async([]() -> Task<> {
    Room room;
    auto wait = [&]() -> Task<> {
      Lock::Guard guard = co_await room.lock.acquire();
      try {
        co_await room.changed.wait(guard);
      } catch (const Cancelled&) {
        room.log += guard ? "with the lock" : "without the lock";
        throw;
      }
    };
    JoinHandle<> waiter = spawn(wait());
    co_await settle();
    Lock::Guard held = co_await room.lock.acquire();
    waiter.cancel();
    co_await settle();
    CHECK(room.log.empty());
    CHECK_FALSE(waiter.done());
    held.release();
    co_await settle();
    CHECK(room.log == "with the lock");
    CHECK(waiter.done());
    CHECK_FALSE(room.lock.locked());
  });
}

TEST_CASE("condition-09: of two conditions on one lock only the notified one's waiters wake") {
  run_async([]() -> Task<> {
    Room room;
    Condition other(room.lock);
    JoinHandle<> a = spawn(room.wait('a'));
    JoinHandle<> b = spawn(room.wait(other, 'b'));
    co_await settle();
    co_await room.notify(5);
    co_await settle();
    CHECK(room.log == "a");
    b.cancel();
    co_await settle();
    CHECK(b.done());
  });
}

namespace {

/// Waits at the barrier and notes how that ended: p(assed) or b(roken).
Task<> pass(Barrier& barrier, std::string& log) {
  try {
    (void)co_await barrier.wait();
    log += 'p';
  } catch (const BrokenBarrier&) {
    log += 'b';
  }
}

}  // namespace

TEST_CASE("barrier-04: when a barrier is aborted, who waits and who comes later is told that it is broken") {
  run_async([]() -> Task<> {
    Barrier barrier(3);
    std::string log;
    JoinHandle<> a = spawn(pass(barrier, log));
    JoinHandle<> b = spawn(pass(barrier, log));
    co_await settle();
    barrier.abort();
    co_await settle();
    CHECK(log == "bb");
    co_await pass(barrier, log);
    CHECK(log == "bbb");
    CHECK(barrier.broken());
  });
}

TEST_CASE("barrier-05: when a barrier is reset, who waits is told, and the barrier is usable again") {
  run_async([]() -> Task<> {
    Barrier barrier(2);
    std::string log;
    JoinHandle<> a = spawn(pass(barrier, log));
    co_await settle();
    barrier.reset();
    co_await settle();
    CHECK(log == "b");
    JoinHandle<> b = spawn(pass(barrier, log));
    co_await pass(barrier, log);
    co_await b;
    CHECK(log == "bpp");
  });
}

TEST_CASE("barrier-06: a waiter that is cancelled does not break the barrier") {
  run_async([]() -> Task<> {
    Barrier barrier(2);
    std::string log;
    JoinHandle<> gone = spawn(pass(barrier, log));
    co_await settle();
    gone.cancel();
    co_await settle();
    CHECK(gone.done());
    JoinHandle<> a = spawn(pass(barrier, log));
    co_await pass(barrier, log);
    co_await a;
    CHECK(log == "pp");
  });
}
