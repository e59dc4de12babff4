// Queue: order, limits, closing, hand-over.
#include "async/queue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("items come out in the order in which they went in, through a small queue") {
  run_shuffled([]() -> Task<> {
    Queue<int> queue(2);
    std::vector<int> got;
    auto produce = [&]() -> Task<> {
      for (int i = 0; i < 100; ++i) co_await queue.put(i);
      queue.close();
    };
    auto consume = [&]() -> Task<> {
      try {
        for (;;) {
          const int item = co_await queue.get();
          got.push_back(item);
          CHECK(queue.size() <= 2);
        }
      } catch (const QueueClosed&) {
        // the end of the stream
      }
    };
    auto body = [&](TaskGroup& group) -> Task<> {
      group.start(produce());
      group.start(consume());
      co_return;
    };
    co_await with_task_group(body);
    REQUIRE(got.size() == 100);
    CHECK(std::is_sorted(got.begin(), got.end()));
  });
}

TEST_CASE("put_nowait and get_nowait never wait") {
  run_async([]() -> Task<> {
    Queue<std::unique_ptr<int>> queue(1);
    CHECK_FALSE(queue.get_nowait());
    CHECK(queue.put_nowait(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    CHECK_FALSE(queue.put_nowait(second));
    REQUIRE(second);  // untouched
    CHECK(queue.full());
    const std::optional<std::unique_ptr<int>> first = queue.get_nowait();
    REQUIRE(first);
    CHECK(**first == 1);
    CHECK(queue.empty());
    co_return;
  });
}

TEST_CASE("getters and putters are served first come, first served") {
  run_async([]() -> Task<> {
    Queue<int> queue(1);
    std::vector<std::pair<int, int>> got;
    auto get = [&](int who) -> Task<> {
      const int item = co_await queue.get();
      got.emplace_back(who, item);
    };
    std::vector<JoinHandle<>> handles;
    for (int who = 0; who < 3; ++who) handles.push_back(spawn(get(who)));
    co_await yield();
    CHECK(queue.statistics().getting == 3);
    for (int item = 10; item < 13; ++item) co_await queue.put(item);
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(got == std::vector<std::pair<int, int>>{{0, 10}, {1, 11}, {2, 12}});

    auto put = [&](int item) -> Task<> { co_await queue.put(item); };
    handles.clear();
    for (int item = 0; item < 3; ++item) handles.push_back(spawn(put(item)));
    co_await yield();
    CHECK(queue.statistics().putting == 2);
    for (int item = 0; item < 3; ++item) {
      const int next = co_await queue.get();
      CHECK(next == item);
    }
    for (JoinHandle<>& handle : handles) co_await handle;
  });
}

TEST_CASE("closing ends those who wait and keeps what is in the queue") {
  run_async([]() -> Task<> {
    Queue<int> full(1);
    co_await full.put(1);
    auto put = [&]() -> Task<> { co_await full.put(2); };
    JoinHandle<> putter = spawn(put());
    Queue<int> empty;
    auto get = [&]() -> Task<> { (void)co_await empty.get(); };
    JoinHandle<> getter = spawn(get());
    co_await yield();
    full.close();
    empty.close();
    int closed = 0;
    try {
      co_await putter;
    } catch (const QueueClosed&) {
      ++closed;
    }
    try {
      co_await getter;
    } catch (const QueueClosed&) {
      ++closed;
    }
    try {
      co_await full.put(3);
    } catch (const QueueClosed&) {
      ++closed;
    }
    CHECK(closed == 3);
    const int left = co_await full.get();
    CHECK(left == 1);
    CHECK(full.closed());
  });
}

TEST_CASE("an item that was handed to a task which is destroyed goes back to the front") {
  struct PutsWhenDestroyed {
    Queue<int>& queue;
    ~PutsWhenDestroyed() {
      queue.put_nowait(1);
      queue.put_nowait(2);
    }
  };
  Queue<int> queue;
  ManualClock clock;
  {
    Loop loop(LoopOptions().clock(clock).shutdown_grace(1s));
    auto put = [&]() -> Task<> {
      const PutsWhenDestroyed puts{queue};
      co_await sleep(100h);
    };
    auto get = [&]() -> Task<> { (void)co_await queue.get(); };
    auto main = [&]() -> Task<> {
      // Both outlast the shutdown: the first frame that is destroyed hands an item to the second, which is next.
      spawn(shielded(put(), 100h)).detach();
      spawn(shielded(get(), 100h)).detach();
      co_await settle();
      CHECK(queue.statistics().getting == 1);
    };
    run(loop, main());
    CHECK(loop.stats().destroyed_at_close == 2);
  }
  CHECK(queue.get_nowait() == 1);
  CHECK(queue.get_nowait() == 2);
  CHECK_FALSE(queue.get_nowait());
}

TEST_CASE("a queue that can hold nothing is refused") { CHECK_THROWS_AS(Queue<int>(0), std::invalid_argument); }
