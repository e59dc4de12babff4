// Loop: turns, other threads, fairness, failures, the end, statistics.
#include "async/loop.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "async/cancel.hpp"
#include "async/census.hpp"
#include "async/event.hpp"
#include "async/future.hpp"
#include "async/nap.hpp"
#include "async/queue.hpp"
#include "async/run.hpp"
#include "async/timeout.hpp"
#include "async/uv_handle.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// Keeps the thread busy for at least that long.
void spin(Duration span) {
  const std::int64_t end = SystemClock::shared().now_ns() + span.count();
  while (SystemClock::shared().now_ns() < end) {
  }
}

}  // namespace

TEST_CASE("run gives the value of main and rethrows its exception") {
  auto value = []() -> Task<int> { co_return 3; };
  auto failure = []() -> Task<> {
    co_await yield();
    throw std::runtime_error("main");
  };
  CHECK(run(value()) == 3);
  CHECK_THROWS_WITH(run(failure()), "main");
}

TEST_CASE("a loop runs one main after the other") {
  Loop loop;
  auto value = []() -> Task<int> { co_return 3; };
  CHECK(run(loop, value()) == 3);
  CHECK(run(loop, value()) == 3);
  loop.close();
  CHECK(loop.uv() == nullptr);
}

TEST_CASE("run within a loop is refused") {
  run_async([]() -> Task<> {
    CHECK_THROWS_AS(run(nap(1s)), std::logic_error);
    co_return;
  });
}

TEST_CASE("outside of run there is no current loop") {
  CHECK(Loop::current_or_null() == nullptr);
  CHECK_THROWS_AS(Loop::current(), std::logic_error);
  const Loop loop;
  CHECK(Loop::current_or_null() == nullptr);
}

TEST_CASE("callbacks keep their order also where the order of tasks is shuffled") {
  run_shuffled([]() -> Task<> {
    std::vector<int> order;
    JoinHandle<> busy = spawn([]() -> Task<> { co_await yield(); });
    for (int i = 0; i < 10; ++i) Loop::current().call_soon([&order, i] { order.push_back(i); });
    co_await busy;
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(order.size() == 10);
  });
}

TEST_CASE("call_soon runs in order, and not within the call") {
  run_async([]() -> Task<> {
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) Loop::current().call_soon([&order, i] { order.push_back(i); });
    CHECK(order.empty());
    co_await yield();
    CHECK(order == std::vector{0, 1, 2});
  });
}

TEST_CASE("an exception that escapes a callback ends run, after the tasks have ended") {
  bool cleaned = false;
  auto body = [&]() -> Task<> {
    Loop::current().call_soon([] { throw std::runtime_error("callback"); });
    try {
      co_await sleep(1h);
    } catch (const Cancelled& cancelled) {
      cleaned = cancelled.reason() == CancelReason::shutdown;
      throw;
    }
  };
  CHECK_THROWS_WITH(run(body()), "callback");
  CHECK(cleaned);
}

TEST_CASE("the end of main cancels what is left and waits for it") {
  std::optional<CancelReason> reason;
  bool cleaned = false;
  auto left = [&]() -> Task<> {
    std::exception_ptr cancelled;
    try {
      co_await sleep(1h);
    } catch (const Cancelled& caught) {
      reason = caught.reason();
      cancelled = std::current_exception();
    }
    co_await shielded(nap(1ms), 1min);
    cleaned = true;
    std::rethrow_exception(cancelled);
  };
  auto body = [&]() -> Task<> {
    spawn(left()).detach();
    co_await yield();
  };
  run(body());
  CHECK(reason == CancelReason::shutdown);
  CHECK(cleaned);
}

TEST_CASE("calls from many threads all arrive, those of one thread in order") {
  constexpr int threads = 4;
  constexpr int calls = 5'000;
  run_real([&]() -> Task<> {
    Loop& loop = Loop::current();
    Event done;
    int arrived = 0;
    bool in_order = true;
    std::vector<int> next(threads, 0);
    std::vector<std::jthread> senders;
    for (int thread = 0; thread < threads; ++thread) {
      senders.emplace_back([&, thread] {
        for (int i = 0; i < calls; ++i) {
          loop.call_soon_threadsafe([&, thread, i] {
            int& expected = next[static_cast<std::size_t>(thread)];
            in_order = in_order && expected == i;
            ++expected;
            if (++arrived == threads * calls) done.set();
          });
        }
      });
    }
    co_await done.wait();
    CHECK(in_order);
    CHECK(arrived == threads * calls);
  });
}

TEST_CASE("a post after the loop has closed is refused") {
  Loop loop;
  loop.close();
  bool ran = false;
  CHECK_FALSE(loop.call_soon_threadsafe([&] { ran = true; }));
  CHECK_FALSE(ran);
}

TEST_CASE("threads may post while the loop goes away, through what outlives it") {
  for (int round = 0; round < 50; ++round) {
    std::jthread late;
    auto body = [&]() -> Task<> {
      Promise<int> promise;
      const Future<int> future = promise.future();
      late = std::jthread([p = std::move(promise)]() mutable { p.set_value_threadsafe(1); });
      co_await sleep(Duration(round * 1000));
    };
    run(body());
  }
}

TEST_CASE("a manual clock does not jump while work is under way outside") {
  run_async([]() -> Task<> {
    Loop& loop = Loop::current();
    const std::int64_t start = loop.now_ns();
    Event done;
    loop.external_work_begin();
    std::jthread worker([&] {
      spin(5ms);
      loop.call_soon_threadsafe([&] { done.set(); });
      loop.external_work_end();
    });
    auto waits = [&]() -> Task<> { co_await done.wait(); };
    const bool in_time = co_await move_on_after(1s, waits());
    CHECK(in_time);
    CHECK(loop.now_ns() == start);
  });
}

TEST_CASE("a task that never has to wait cannot starve the others") {
  run_async([]() -> Task<> {
    Event set;
    set.set();
    bool stop = false;
    auto other = [&]() -> Task<> {
      stop = true;
      co_return;
    };
    JoinHandle<> handle = spawn(other());
    int turns = 0;
    while (!stop && turns < 1'000'000) {
      co_await set.wait();
      ++turns;
    }
    CHECK(turns < 1000);
    co_await handle;
  });
}

TEST_CASE("ready tasks do not starve I/O") {
  run_real([]() -> Task<> {
    Event arrived;
    bool stop = false;
    Loop& loop = Loop::current();
    auto spinner = [&]() -> Task<> {
      while (!stop) co_await yield();
    };
    JoinHandle<> handle = spawn(spinner());
    std::jthread thread([&] { loop.call_soon_threadsafe([&] { arrived.set(); }); });
    co_await arrived.wait();
    stop = true;
    co_await handle;
  });
}

TEST_CASE("the order under a seed is repeatable and differs between seeds") {
  auto order_of = [](std::uint64_t seed) {
    ManualClock clock;
    Loop loop(LoopOptions().clock(clock).shuffle_seed(seed));
    std::vector<int> order;
    auto append = [&](int number) -> Task<> {
      order.push_back(number);
      co_return;
    };
    auto body = [&]() -> Task<> {
      std::vector<JoinHandle<>> handles;
      for (int i = 0; i < 20; ++i) handles.push_back(spawn(append(i)));
      co_await sleep(1s);
    };
    run(loop, body());
    return order;
  };
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
}

TEST_CASE("closing a loop names the handles that are still open") {
  Loop loop;
  UvHandle<uv_timer_t> timer;
  REQUIRE(uv_timer_init(loop.uv(), timer.get()) == 0);
  timer.opened();
  std::string what;
  try {
    loop.close();
  } catch (const std::logic_error& error) {
    what = error.what();
  }
  CHECK(what.find("timer") != std::string::npos);
  CHECK(loop.uv() == nullptr);
}

TEST_CASE("a handle that its owner closed does not stop the loop from closing") {
  run_async([]() -> Task<> {
    UvHandle<uv_timer_t> timer;
    REQUIRE(uv_timer_init(Loop::current().uv(), timer.get()) == 0);
    timer.opened();
    co_await yield();
  });
}

TEST_CASE("slow steps are counted by place and task") {
  run_async(
      []() -> Task<> {
        auto slow = []() -> Task<> {
          co_await yield();
          spin(3ms);
        };
        JoinHandle<> first = spawn(slow(), SpawnOptions("slow one").kind("slow"));
        co_await first;
        JoinHandle<> second = spawn(slow(), SpawnOptions("slow one").kind("slow"));
        co_await second;
        Loop::current().call_soon([] { spin(3ms); });
        co_await yield();
        const LoopStats stats = Loop::current().stats();
        CHECK(stats.slow_steps >= 3);
        bool found = false;
        bool callback = false;
        for (const SlowPlace& place : stats.slow_places) {
          if (place.task == "slow one" && place.count >= 2) {
            found = true;
            CHECK(place.kind == "slow");
            CHECK(to_string(place.place).find("loop_test.cpp:") != std::string::npos);
            CHECK(place.longest >= 3ms);
            CHECK(place.total >= 6ms);
          }
          callback = callback || place.task == "callback";
        }
        CHECK(found);
        CHECK(callback);
      },
      LoopOptions().slow_step(2ms));
}

TEST_CASE("another thread sees what a stuck loop is stuck in") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    std::atomic<bool> seen = false;
    std::optional<RunningNow> running;
    std::vector<TaskInfo> tasks;
    auto stuck = [&]() -> Task<> {
      co_await yield();
      std::jthread observer([&] {
        running = loop.stats().running;
        tasks = all_tasks(loop);
        seen = true;
      });
      while (!seen) std::this_thread::yield();  // the loop is stuck here
    };
    JoinHandle<> handle = spawn(stuck(), SpawnOptions("stuck").kind("test"));
    co_await handle;
    REQUIRE(running);
    CHECK(running->task == "stuck");
    CHECK(running->kind == "test");
    CHECK(to_string(running->place).find("loop_test.cpp:") != std::string::npos);
    CHECK(running->elapsed > 0ns);
    CHECK(tasks.size() == 2);
    CHECK_FALSE(Loop::current().stats().slow_steps > Loop::current().stats().steps);
  });
}

TEST_CASE("statistics may be taken from another thread at any time") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> seen = 0;
    std::jthread observer([&] {
      while (!stop) {
        seen += loop.stats().tasks;
        seen += all_tasks(loop).size();
      }
    });
    auto child = []() -> Task<> { co_await yield(); };
    for (int i = 0; i < 2000 || seen == 0; ++i) {
      JoinHandle<> handle = spawn(child(), "child");
      co_await handle;
    }
    stop = true;
    observer.join();
    CHECK(seen > 0);
  });
}

TEST_CASE("the lag of a late timer and the steps are in the histograms") {
  run_async([]() -> Task<> {
    ManualClock& clock = test_clock();
    auto late = [&]() -> Task<> { co_await sleep(1s); };
    JoinHandle<> handle = spawn(late());
    co_await yield();
    clock.advance(4s);  // as if the loop had been stuck
    co_await handle;
    const LoopStats stats = Loop::current().stats();
    CHECK(stats.lag.sum >= 3s);
    CHECK(stats.steps > 0);
    CHECK(stats.step_time.count() == stats.steps);
    CHECK(stats.iterations > 0);
  });
}

TEST_CASE("an idle loop does not turn") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    Event done;
    co_await sleep(1ms);
    const std::uint64_t before = loop.stats().iterations;
    std::jthread thread([&] {
      spin(50ms);
      loop.call_soon_threadsafe([&] { done.set(); });
    });
    co_await done.wait();
    CHECK(loop.stats().iterations - before <= 4);
  });
}
