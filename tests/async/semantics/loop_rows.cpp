// What people who know asyncio expect of the loop and of threads; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>

#include "async/bridge.hpp"
#include "async/event.hpp"
#include "async/future.hpp"
#include "async/loop.hpp"
#include "async/periodic.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/thread_pool.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("thread-03: a cancelled task need not wait for its function, which runs on to its end in its thread") {
  run_real([]() -> Task<> {
    ThreadPool pool(ThreadPoolOptions("worker").threads(1));
    std::binary_semaphore out{0};
    Promise<> entered;
    const Future<> inside = entered.future();
    Promise<> ran_to_its_end;
    const Future<> end = ran_to_its_end.future();
    auto block = [&entered, &out, &ran_to_its_end] {
      entered.set_value_threadsafe();
      out.acquire();
      ran_to_its_end.set_value_threadsafe();
    };
    auto offload = [&]() -> Task<> { co_await to_thread(pool, OnCancel::abandon, block); };
    JoinHandle<> task = spawn(offload());
    co_await inside;
    task.cancel();
    bool cancelled = false;
    try {
      co_await task;  // while the function still blocks
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
    CHECK_FALSE(end.ready());
    out.release();
    co_await end;
  });
}

TEST_CASE("thread-05: a call from another thread wakes an idle loop and runs on the loop's thread") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    Event called;
    std::thread::id where;
    std::jthread other([&] {
      loop.call_soon_threadsafe([&] {
        where = std::this_thread::get_id();
        called.set();
      });
    });
    co_await called.wait();  // nothing else would ever wake this loop
    CHECK(where == std::this_thread::get_id());
  });
}

TEST_CASE("thread-07: cancelling the thread's side of a submitted coroutine cancels its task in the loop") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    Event inside;
    Event thread_ended;
    bool cancelled_in_loop = false;
    bool cancelled_in_thread = false;
    auto body = [&]() -> Task<> {
      inside.set();
      try {
        co_await sleep(24h);
      } catch (const Cancelled&) {
        cancelled_in_loop = true;
        throw;
      }
    };
    std::optional<ThreadFuture<void>> future;
    std::binary_semaphore may_cancel{0};
    std::jthread other([&] {
      future = run_coroutine_threadsafe(loop, body());
      may_cancel.acquire();
      future->cancel();
      try {
        future->result();
      } catch (const Cancelled&) {
        cancelled_in_thread = true;
      }
      loop.call_soon_threadsafe([&] { thread_ended.set(); });
    });
    co_await inside.wait();
    may_cancel.release();
    co_await thread_ended.wait();
    CHECK(cancelled_in_loop);
    CHECK(cancelled_in_thread);
  });
}

TEST_CASE("loop-02: what a callback schedules runs after all that was ready before it") {
  run_async([]() -> Task<> {
    std::string log;
    Loop& loop = Loop::current();
    loop.call_soon([&] {
      log += '1';
      loop.call_soon([&] { log += '3'; });
    });
    loop.call_soon([&] { log += '2'; });
    CHECK(log.empty());
    co_await yield();
    CHECK(log == "12");
    co_await settle();
    CHECK(log == "123");
  });
}

TEST_CASE("loop-03: what is to run soon or later never runs when it is cancelled before its turn") {
  run_async([]() -> Task<> {
    std::string log;
    auto call = [&](char mark) -> Task<> {
      log += mark;
      co_return;
    };
    JoinHandle<> soon = spawn(call('s'));
    JoinHandle<> later = spawn(delayed(1s, call('l')));
    JoinHandle<> kept = spawn(delayed(1s, call('k')));
    soon.cancel();
    co_await yield();
    later.cancel();
    co_await kept;
    CHECK(log == "k");
  });
}

TEST_CASE("loop-07: the loop's clock never goes back") {
  run_real([]() -> Task<> {
    std::int64_t last = Loop::current().now_ns();
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t now = Loop::current().now_ns();
      CHECK(now >= last);
      last = now;
    }
    co_return;
  });
}
