// What people who know asyncio expect of queues; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/queue.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("queue-01: first in, first out") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    std::vector<int> taken;
    for (int i = 0; i < 5; ++i) co_await queue.put(i);
    for (int i = 0; i < 5; ++i) taken.push_back(co_await queue.get());
    CHECK(taken == std::vector{0, 1, 2, 3, 4});
  });
}

TEST_CASE("queue-02: who puts into a full queue waits until an item is taken") {
  run_async([]() -> Task<> {
    Queue<int> queue(1);
    co_await queue.put(1);
    auto put = [&]() -> Task<> { co_await queue.put(2); };
    JoinHandle<> putter = spawn(put());
    co_await settle();
    CHECK_FALSE(putter.done());
    const int first = co_await queue.get();
    CHECK(first == 1);
    co_await settle();
    CHECK(putter.done());
    const int second = co_await queue.get();
    CHECK(second == 2);
  });
}

TEST_CASE("queue-03: without waiting, a full queue refuses an item and an empty one has none") {
  run_async([]() -> Task<> {
    Queue<int> queue(1);
    CHECK_FALSE(queue.get_nowait().has_value());
    CHECK(queue.put_nowait(1));
    CHECK_FALSE(queue.put_nowait(2));
    CHECK(queue.get_nowait() == 1);
    co_return;
  });
}

TEST_CASE("queue-06: who waits for room goes on in the order in which they began to wait") {
  run_async([]() -> Task<> {
    Queue<char> queue(1);
    std::string log;
    auto put = [&](char item) -> Task<> {
      co_await queue.put(item);
      log += item;
    };
    co_await queue.put('0');
    JoinHandle<> a = spawn(put('a'));
    JoinHandle<> b = spawn(put('b'));
    JoinHandle<> c = spawn(put('c'));
    co_await settle();
    std::string taken;
    for (int i = 0; i < 4; ++i) {
      taken += co_await queue.get();
      co_await settle();
    }
    CHECK(taken == "0abc");
    CHECK(log == "abc");
  });
}

TEST_CASE(
    "differs queue-08: an item that was handed over wins over a later cancellation: it is not lost, and A has it") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    std::string log;
    auto take = [&](char mark) -> Task<> {
      const int item = co_await queue.get();
      log += mark + std::to_string(item) + " ";
      co_await yield();
      log += "not cancelled ";
    };
    JoinHandle<> a = spawn(take('A'));
    JoinHandle<> b = spawn(take('B'));
    co_await settle();
    CHECK(queue.put_nowait(1));
    a.cancel();
    co_await settle();
    CHECK(log == "A1 ");
    CHECK(a.done());
    CHECK(queue.put_nowait(2));
    co_await b;
    CHECK(log == "A1 B2 not cancelled ");
  });
}

TEST_CASE("queue-15: reporting done more often than items were put is an error") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    co_await queue.put(1);
    (void)co_await queue.get();
    queue.task_done();
    CHECK_THROWS_AS(queue.task_done(), std::logic_error);
  });
}

TEST_CASE("queue-20: all who wait for items or for room are told when the queue is shut down") {
  run_async([]() -> Task<> {
    Queue<int> empty;
    Queue<int> full(1);
    co_await full.put(1);
    std::string log;
    auto take = [&]() -> Task<> {
      try {
        (void)co_await empty.get();
      } catch (const QueueShutDown&) {
        log += 't';
      }
    };
    auto put = [&]() -> Task<> {
      try {
        co_await full.put(2);
      } catch (const QueueShutDown&) {
        log += 'p';
      }
    };
    std::vector<JoinHandle<>> waiting;
    for (int i = 0; i < 2; ++i) waiting.push_back(spawn(take()));
    for (int i = 0; i < 2; ++i) waiting.push_back(spawn(put()));
    co_await settle();
    empty.shutdown();
    full.shutdown();
    co_await settle();
    CHECK(log == "ttpp");
    CHECK(full.get_nowait() == 1);
  });
}

TEST_CASE("queue-21: after a normal shut-down join still waits for what is unfinished") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    co_await queue.put(1);
    queue.shutdown();
    auto join = [&]() -> Task<> { co_await queue.join(); };
    JoinHandle<> joiner = spawn(join());
    co_await settle();
    CHECK_FALSE(joiner.done());
    (void)co_await queue.get();
    queue.task_done();
    co_await joiner;
  });
}
