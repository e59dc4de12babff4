// Between threads and loops: coroutines handed over, results awaited by blocking, several loops at once.
#include "async/bridge.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "async/event.hpp"
#include "async/future.hpp"
#include "async/testing.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<int> add(int a, int b) {
  co_await yield();
  co_return a + b;
}
Task<> fail() {
  co_await yield();
  throw std::runtime_error("no such file");
}
Task<> wait_for_ever() {
  Event never;
  co_await never.wait();
}

/// Runs a loop on a thread of its own for as long as it lives.
class LoopThread {
 public:
  LoopThread() {
    std::promise<Loop*> started;
    std::future<Loop*> loop = started.get_future();
    thread_ = std::thread([this, &started] {
      Loop own;
      auto main = [&]() -> Task<> {
        Event stop;
        stop_ = &stop;
        started.set_value(&own);
        co_await stop.wait();
      };
      run(own, main());
      own.close();
    });
    loop_ = loop.get();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { stop(); }
  Loop& loop() { return *loop_; }
  void stop() {
    if (!thread_.joinable()) return;
    loop_->call_soon_threadsafe([this] { stop_->set(); });
    thread_.join();
  }

 private:
  std::thread thread_;
  Loop* loop_ = nullptr;
  Event* stop_ = nullptr;
};

}  // namespace

TEST_CASE("a thread gets the value or the exception of a coroutine on another thread's loop") {
  LoopThread thread;
  ThreadFuture<int> sum = run_coroutine_threadsafe(thread.loop(), add(2, 3), "sum");
  CHECK(sum.result() == 5);
  CHECK(sum.done());
  ThreadFuture<void> failing = run_coroutine_threadsafe(thread.loop(), fail());
  CHECK_THROWS_WITH(failing.result(1h), "no such file");
}

TEST_CASE("a result that takes too long is a TimeoutError, and the coroutine can be cancelled") {
  LoopThread thread;
  ThreadFuture<void> waiting = run_coroutine_threadsafe(thread.loop(), wait_for_ever(), "waiting");
  CHECK_THROWS_AS(waiting.result(1ms), TimeoutError);
  CHECK_FALSE(waiting.done());
  waiting.cancel();
  CHECK_THROWS_AS(waiting.result(), Cancelled);
}

TEST_CASE("a coroutine that was cancelled before its loop took it never runs") {
  Loop loop;
  bool ran = false;
  auto body = [&]() -> Task<> {
    ran = true;
    co_return;
  };
  ThreadFuture<void> future = run_coroutine_threadsafe(loop, body());
  future.cancel();
  auto main = []() -> Task<> { co_await settle(); };
  run(loop, main());
  CHECK_THROWS_AS(future.result(), Cancelled);
  CHECK_FALSE(ran);
}

TEST_CASE("a loop that closes before the coroutine has ended says so, and one that is closed already") {
  LoopThread thread;
  ThreadFuture<void> waiting = run_coroutine_threadsafe(thread.loop(), wait_for_ever());
  thread.stop();
  CHECK_THROWS_AS(waiting.result(), Cancelled);  // by the end of its loop
  Loop closed;
  closed.close();
  ThreadFuture<int> late = run_coroutine_threadsafe(closed, add(1, 1));
  CHECK_THROWS_AS(late.result(), LoopClosed);
}

TEST_CASE("to block on the own loop is refused with advice") {
  run_real([]() -> Task<> {
    ThreadFuture<int> sum = run_coroutine_threadsafe(Loop::current(), add(1, 2));
    CHECK_THROWS_WITH(sum.result(), Catch::Contains("co_await"));
    co_await settle();
    CHECK(sum.done());
  });
}

TEST_CASE("several loops run in several threads and hand work to each other") {
  LoopThread first;
  LoopThread second;
  auto relay = [](Loop& to) -> Task<int> {
    Promise<int> promise;
    Future<int> future = promise.future();
    to.call_soon_threadsafe([p = std::move(promise)]() mutable { p.set_value_threadsafe(21); });
    const int half = co_await future;
    co_return 2 * half;
  };
  ThreadFuture<int> there = run_coroutine_threadsafe(first.loop(), relay(second.loop()), "there");
  ThreadFuture<int> back = run_coroutine_threadsafe(second.loop(), relay(first.loop()), "back");
  CHECK(there.result() == 42);
  CHECK(back.result() == 42);
}
