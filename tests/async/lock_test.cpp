// Lock: ownership, hand-over, misuse. Its limits are those of Semaphore (semaphore_test.cpp).
#include "async/lock.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("a lock goes from task to task in the order in which they came", "[lock]") {
  run_async([]() -> Task<> {
    Lock lock;
    std::vector<int> order;
    auto work = [&](int number) -> Task<> {
      const Lock::Guard guard = co_await lock.acquire();
      order.push_back(number);
      co_await sleep(1s);
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 4; ++i) handles.push_back(spawn(work(i)));
    co_await yield();
    CHECK(lock.waiters() == 3);
    CHECK(lock.owner() == handles.front().id());
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(order == std::vector{0, 1, 2, 3});
    CHECK_FALSE(lock.locked());
    CHECK(lock.owner() == 0);
  });
}

TEST_CASE("a newcomer does not overtake the task to which the lock was handed", "[lock]") {
  run_async([]() -> Task<> {
    Lock lock;
    auto work = [&]() -> Task<> { const Lock::Guard guard = co_await lock.acquire(); };
    Lock::Guard guard = co_await lock.acquire();
    JoinHandle<> waiter = spawn(work());
    co_await yield();
    guard.release();
    CHECK(lock.owner() == waiter.id());  // though it has not run yet
    CHECK_FALSE(lock.try_acquire());
    co_await waiter;
    CHECK(lock.try_acquire());
  });
}

TEST_CASE("a task cannot release the lock of another, and is told what to do", "[lock]") {
  run_async([]() -> Task<> {
    Lock lock;
    Lock::Guard guard = co_await lock.acquire();
    std::string advice;
    auto thief = [&]() -> Task<> {
      try {
        guard.release();
      } catch (const NotLockOwner& error) {
        advice = error.what();
      }
      co_return;
    };
    co_await spawn(thief(), "thief");
    CHECK_THAT(advice, Catch::Contains("(thief) does not hold this Lock"));
    CHECK_THAT(advice, Catch::Contains("keep the guard in the task that acquired it"));
    CHECK(lock.locked());
    guard.release();
    guard.release();  // once is enough
    CHECK_FALSE(lock.locked());
  });
}

TEST_CASE("a task that waits for its own lock is told so", "[lock]") {
  run_async([]() -> Task<> {
    Lock lock;
    const Lock::Guard guard = co_await lock.acquire();
    bool told = false;
    try {
      const Lock::Guard again = co_await lock.acquire();
    } catch (const std::logic_error& error) {
      told = std::string(error.what()).find("holds this Lock already") != std::string::npos;
    }
    CHECK(told);
    CHECK(lock.waiters() == 0);
  });
}

namespace {

struct Inside {
  explicit Inside(int& count) : inside(count) { ++inside; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { --inside; }
  int& inside;
};

}  // namespace

TEST_CASE("cancelled waiters leave the lock to those behind them, in any order of events", "[lock]") {
  run_shuffled([]() -> Task<> {
    Lock lock;
    int inside = 0;
    auto work = [&]() -> Task<> {
      const Lock::Guard guard = co_await lock.acquire();
      const Inside in{inside};
      CHECK(inside == 1);
      co_await yield();
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 12; ++i) handles.push_back(spawn(work()));
    co_await yield();
    for (std::size_t i = 0; i < handles.size(); i += 2) {
      handles[i].cancel();
      co_await yield();
    }
    for (std::size_t i = 1; i < handles.size(); i += 2) co_await handles[i];
    CHECK_FALSE(lock.locked());
  });
}
