// Queue and its relatives: order, limits, shutdown, join, hand-over.
#include "async/queue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("items come out in the order in which they went in, through a small queue") {
  run_shuffled([]() -> Task<> {
    Queue<int> queue(2);
    std::vector<int> got;
    auto produce = [&]() -> Task<> {
      for (int i = 0; i < 100; ++i) co_await queue.put(i);
      queue.shutdown();
    };
    auto consume = [&]() -> Task<> {
      try {
        for (;;) {
          const int item = co_await queue.get();
          got.push_back(item);
          CHECK(queue.size() <= 2);
        }
      } catch (const QueueShutDown&) {
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

TEST_CASE("a shutdown ends those who wait and keeps what is in the queue") {
  run_async([]() -> Task<> {
    Queue<int> full(1);
    co_await full.put(1);
    auto put = [&]() -> Task<> { co_await full.put(2); };
    JoinHandle<> putter = spawn(put());
    Queue<int> empty;
    auto get = [&]() -> Task<> { (void)co_await empty.get(); };
    JoinHandle<> getter = spawn(get());
    co_await yield();
    full.shutdown();
    empty.shutdown();
    int closed = 0;
    try {
      co_await putter;
    } catch (const QueueShutDown&) {
      ++closed;
    }
    try {
      co_await getter;
    } catch (const QueueShutDown&) {
      ++closed;
    }
    try {
      co_await full.put(3);
    } catch (const QueueShutDown&) {
      ++closed;
    }
    CHECK(closed == 3);
    const int left = co_await full.get();
    CHECK(left == 1);
    CHECK(full.statistics().shut_down);
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

TEST_CASE("join returns when all that was put in has been dealt with") {
  run_shuffled([]() -> Task<> {
    Queue<int> queue(2);
    int done = 0;
    auto work = [&]() -> Task<> {
      while (const std::optional<int> item = co_await queue.next()) {
        co_await sleep(std::chrono::seconds(*item));
        ++done;
        queue.task_done();
      }
    };
    JoinHandle<> first = spawn(work());
    JoinHandle<> second = spawn(work());
    for (int i = 0; i < 6; ++i) co_await queue.put(i);
    co_await queue.join();
    CHECK(done == 6);
    CHECK(queue.statistics().unfinished == 0);
    CHECK_THROWS_AS(queue.task_done(), std::logic_error);
    queue.shutdown();
    co_await first;
    co_await second;
    co_await queue.join();
  });
}

TEST_CASE("a shutdown still waits for what is unfinished, an immediate one drops what nobody took") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    for (int i = 0; i < 3; ++i) co_await queue.put(i);
    const int taken = co_await queue.get();
    CHECK(taken == 0);
    auto join = [&]() -> Task<> { co_await queue.join(); };
    JoinHandle<> joined = spawn(join());
    queue.shutdown();
    co_await settle();
    CHECK_FALSE(joined.done());
    queue.shutdown(true);
    CHECK(queue.empty());
    co_await settle();
    CHECK_FALSE(joined.done());  // the one that was taken is not done
    queue.task_done();
    co_await joined;
    const std::optional<int> none = co_await queue.next();
    CHECK_FALSE(none);
  });
}

TEST_CASE("cancelled getters and putters lose nothing, in any order of events") {
  run_shuffled([]() -> Task<> {
    Queue<int> queue(1);
    int got = 0;
    int put = 0;
    auto produce = [&]() -> Task<> {
      co_await queue.put(1);
      ++put;
    };
    auto consume = [&]() -> Task<> {
      const int item = co_await queue.get();
      got += item;
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 10; ++i) {
      handles.push_back(spawn(produce()));
      handles.push_back(spawn(consume()));
    }
    co_await yield();
    for (std::size_t i = 0; i < handles.size(); i += 3) {
      handles[i].cancel();
      if (i % 2 == 0) co_await yield();
    }
    co_await settle();
    CHECK(put == got + static_cast<int>(queue.size()));
    handles.clear();
    co_await settle();
  });
}

TEST_CASE("a priority queue gives the smallest first, equals in order of arrival") {
  using Entry = std::pair<int, char>;
  struct ByNumber {
    bool operator()(const Entry& a, const Entry& b) const { return a.first < b.first; }
  };
  PriorityQueue<Entry, ByNumber> queue;
  for (const Entry& entry : {Entry{2, 'a'}, Entry{1, 'b'}, Entry{2, 'c'}, Entry{1, 'd'}, Entry{0, 'e'}}) {
    queue.put_nowait(Entry(entry));
  }
  std::string order;
  while (const std::optional<Entry> entry = queue.get_nowait()) order += entry->second;
  CHECK(order == "ebdac");
}

TEST_CASE("a LIFO queue gives the last first, and lets a waiting put in") {
  run_async([]() -> Task<> {
    LifoQueue<std::unique_ptr<int>> queue(2);
    for (int i = 0; i < 2; ++i) queue.put_nowait(std::make_unique<int>(i));
    auto put = [&]() -> Task<> { co_await queue.put(std::make_unique<int>(2)); };
    JoinHandle<> putter = spawn(put());
    co_await yield();
    std::vector<int> order;
    while (const std::optional<std::unique_ptr<int>> item = queue.get_nowait()) order.push_back(**item);
    CHECK(order == std::vector{1, 2, 0});
    co_await putter;
  });
}

TEST_CASE("a queue's ring keeps order and objects while it wraps and grows") {
  Counted::reset();
  {
    Queue<Counted> queue;
    int next_in = 0;
    int next_out = 0;
    for (int round = 0; round < 40; ++round) {
      for (int i = 0; i < 5; ++i) queue.put_nowait(Counted(next_in++));
      for (int i = 0; i < (round < 20 ? 3 : 6); ++i) {
        const std::optional<Counted> item = queue.get_nowait();
        if (item) CHECK(item->value == next_out++);
      }
    }
    CHECK(Counted::counts.live == static_cast<int>(queue.size()));
    CHECK(Counted::counts.copied == 0);
    CHECK(next_out + static_cast<int>(queue.size()) == next_in);
  }
  CHECK(Counted::counts.live == 0);
}
