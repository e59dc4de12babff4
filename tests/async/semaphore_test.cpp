// Semaphore: limits, fairness, hand-over.
#include "async/semaphore.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("no more than the permitted number hold a permit") {
  run_shuffled([]() -> Task<> {
    Semaphore limit(3);
    int inside = 0;
    int most = 0;
    auto work = [&]() -> Task<> {
      const Semaphore::Permit permit = co_await limit.acquire();
      most = std::max(most, ++inside);
      co_await sleep(1s);
      --inside;
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 10; ++i) handles.push_back(spawn(work()));
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(most == 3);
    CHECK(limit.statistics().available == 3);
    CHECK(limit.statistics().waiting == 0);
  });
}

TEST_CASE("permits go to those who came first, and nobody overtakes") {
  run_async([]() -> Task<> {
    Semaphore one(1);
    std::vector<int> order;
    auto work = [&](int number) -> Task<> {
      const Semaphore::Permit permit = co_await one.acquire();
      order.push_back(number);
    };
    std::vector<JoinHandle<>> handles;
    {
      const Semaphore::Permit permit = co_await one.acquire();
      for (int i = 0; i < 4; ++i) handles.push_back(spawn(work(i)));
      co_await settle();
      CHECK(one.statistics().waiting == 4);
      CHECK_FALSE(one.try_acquire());
    }
    CHECK_FALSE(one.try_acquire());  // granted already to the first in the queue
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(order == std::vector{0, 1, 2, 3});
  });
}

TEST_CASE("a permit that was granted wins over a later cancellation and is not lost") {
  run_async([]() -> Task<> {
    Semaphore one(1);
    bool held = false;
    auto work = [&]() -> Task<> {
      const Semaphore::Permit permit = co_await one.acquire();
      held = true;
      co_await yield();
    };
    Semaphore::Permit permit = co_await one.acquire();
    JoinHandle<> handle = spawn(work());
    co_await yield();
    permit.release();
    handle.cancel();
    bool cancelled = false;
    try {
      co_await handle;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(held);
    CHECK(cancelled);  // at its next await
    CHECK(one.statistics().available == 1);
  });
}

TEST_CASE("a plain semaphore counts things: release adds one, forget uses one up") {
  run_async([]() -> Task<> {
    Semaphore items(0);
    int taken = 0;
    auto take = [&]() -> Task<> {
      Semaphore::Permit item = co_await items.acquire();
      item.forget();
      ++taken;
    };
    JoinHandle<> taker = spawn(take());
    co_await settle();
    CHECK(taken == 0);
    items.release();
    items.release();
    co_await taker;
    CHECK(taken == 1);
    CHECK(items.statistics().permits == 1);
    CHECK(items.statistics().available == 1);
  });
}

TEST_CASE("a bounded semaphore refuses a release without a forgotten permit") {
  run_async([]() -> Task<> {
    BoundedSemaphore slots(1);
    CHECK_THROWS_AS(slots.release(), std::logic_error);
    Semaphore::Permit slot = co_await slots.acquire();
    CHECK_THROWS_AS(slots.release(), std::logic_error);
    slot.forget();
    slots.release();
    CHECK(slots.statistics().available == 1);
  });
}

TEST_CASE("a granted permit is handed on when its frame is destroyed before it resumed") {
  Semaphore one(1);
  ManualClock clock;
  {
    Loop loop(LoopOptions().clock(clock).shutdown_grace(1s));
    auto hold = [&]() -> Task<> {
      const Semaphore::Permit permit = co_await one.acquire();
      co_await sleep(100h);
    };
    auto main = [&]() -> Task<> {
      // Both outlast the shutdown: the first frame that is destroyed grants its permit to the second, which is next.
      spawn(shielded(hold(), 100h)).detach();
      spawn(shielded(hold(), 100h)).detach();
      co_await settle();
      CHECK(one.statistics().waiting == 1);
    };
    run(loop, main());
    CHECK(loop.stats().destroyed_at_close == 2);
  }
  CHECK(one.statistics().available == 1);
}
