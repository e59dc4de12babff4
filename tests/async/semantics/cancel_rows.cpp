// What people who know asyncio expect of cancellation and shields; see task_rows.cpp.
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/gather.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// Sleeps an hour; on Cancelled notes it, and returns 1 instead of passing it on.
Task<int> swallow(std::string& log) {
  try {
    co_await sleep(1h);
  } catch (const Cancelled&) {
    log += "swallowed ";
  }
  co_return 1;
}

/// The reason for which the task ended, nothing if it was not cancelled.
template <class T>
Task<std::optional<CancelReason>> reason_of_end(JoinHandle<T>& handle) {
  try {
    (void)co_await handle.join();
  } catch (const Cancelled& cancelled) {
    co_return cancelled.reason();
  }
  co_return std::nullopt;
}
template <>
Task<std::optional<CancelReason>> reason_of_end(JoinHandle<>& handle) {
  try {
    co_await handle.join();
  } catch (const Cancelled& cancelled) {
    co_return cancelled.reason();
  }
  co_return std::nullopt;
}

}  // namespace

TEST_CASE("cancel-03: the signal is raised at exactly the await at which the task is suspended") {
  run_async([]() -> Task<> {
    std::string log;
    Event never;
    auto body = [&]() -> Task<> {
      co_await yield();
      log += "before ";
      try {
        co_await never.wait();
        log += "after ";
      } catch (const Cancelled&) {
        log += "at the wait";
        throw;
      }
    };
    JoinHandle<> task = spawn(body());
    co_await settle();
    task.cancel();
    co_await settle();
    CHECK(task.done());
    CHECK(log == "before at the wait");
  });
}

TEST_CASE(
    "cancel-04: the body of a task that is cancelled before it began never runs, and the task ends as cancelled") {
  run_async([]() -> Task<> {
    bool ran = false;
    auto body = [&]() -> Task<> {
      ran = true;
      co_return;
    };
    JoinHandle<> task = spawn(body());
    task.cancel();
    const std::optional<CancelReason> reason = co_await reason_of_end(task);
    CHECK(reason == CancelReason::user);
    CHECK_FALSE(ran);
  });
}

TEST_CASE("differs cancel-06: a task that cancels itself and returns without another await has succeeded") {
  run_async([]() -> Task<> {
    JoinHandle<int> task;
    auto body = [&]() -> Task<int> {
      task.cancel();
      co_return 5;
    };
    task = spawn(body());
    const int value = co_await task;
    CHECK(value == 5);
  });
}

TEST_CASE(
    "differs cancel-12: an await gives what the inner coroutine returned in spite of the signal, the next throws") {
  run_async([]() -> Task<> {
    std::string log;
    auto outer = [&]() -> Task<> {
      const int value = co_await swallow(log);
      log += std::to_string(value);
      co_await yield();
      log += " absorbed";
    };
    JoinHandle<> task = spawn(outer());
    co_await settle();
    task.cancel();
    const std::optional<CancelReason> reason = co_await reason_of_end(task);
    CHECK(log == "swallowed 1");
    CHECK(reason == CancelReason::user);
  });
}

TEST_CASE("cancel-13: who awaits a task that somebody else cancels sees the signal, and is not cancelled itself") {
  run_async([]() -> Task<> {
    std::string log;
    auto hour = []() -> Task<> { co_await sleep(1h); };
    JoinHandle<> inner = spawn(hour());
    auto outer = [&]() -> Task<> {
      const std::optional<CancelReason> reason = co_await reason_of_end(inner);
      log += reason ? "signal " : "none ";
      check_cancelled();
      co_await sleep(1s);
      log += "went on";
    };
    JoinHandle<> task = spawn(outer());
    co_await settle();
    inner.cancel();
    co_await task;
    CHECK(log == "signal went on");
  });
}

TEST_CASE("differs cancel-14: the signal carries the reason with which the task was cancelled") {
  run_async([]() -> Task<> {
    auto hour = []() -> Task<> { co_await sleep(1h); };
    JoinHandle<> task = spawn(hour());
    co_await settle();
    task.cancel(CancelReason::replaced);
    const std::optional<CancelReason> reason = co_await reason_of_end(task);
    CHECK(reason == CancelReason::replaced);
  });
}

TEST_CASE("differs cancel-15: cancelling twice is cancelling once, and the first reason counts") {
  run_async([]() -> Task<> {
    std::string log;
    auto body = [&]() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        log += "signal ";
        throw;
      }
    };
    JoinHandle<> task = spawn(body());
    co_await settle();
    task.cancel(CancelReason::replaced);
    task.cancel(CancelReason::user);
    const std::optional<CancelReason> reason = co_await reason_of_end(task);
    CHECK(log == "signal ");
    CHECK(reason == CancelReason::replaced);
  });
}

TEST_CASE("differs cancel-17: what may be taken back is a scope; work outside of it is not cancelled with it") {
  run_async([]() -> Task<> {
    auto hour = []() -> Task<> { co_await sleep(1h); };
    CancelScope attempt;
    attempt.cancel();
    const bool finished = co_await attempt.run(hour());
    CHECK_FALSE(finished);
    check_cancelled();  // the task itself was never cancelled, so there is nothing to undo
    co_await sleep(1s);
  });
}

TEST_CASE("cancel-20: a task that is cancelled in a long sleep ends at once") {
  run_async([]() -> Task<> {
    auto hour = []() -> Task<> { co_await sleep(1h); };
    JoinHandle<> task = spawn(hour());
    co_await settle();
    const std::int64_t before = Loop::current().now_ns();
    task.cancel();
    const std::optional<CancelReason> reason = co_await reason_of_end(task);
    CHECK(reason.has_value());
    CHECK(Loop::current().now_ns() == before);
  });
}

TEST_CASE("shield-01: who waits for a shielded task and is cancelled goes at once, the shielded task runs to its end") {
  run_async([]() -> Task<> {
    std::string log;
    auto work = [&]() -> Task<> {
      co_await sleep(1s);
      log += "inner ended";
    };
    JoinHandle<> inner = spawn(work());  // a JoinHandle is the shield: cancelling who joins does not cancel the joined
    auto wait = [&]() -> Task<> { co_await inner; };
    JoinHandle<> outer = spawn(wait());
    co_await settle();
    outer.cancel();
    const std::optional<CancelReason> reason = co_await reason_of_end(outer);
    CHECK(reason.has_value());
    CHECK(log.empty());
    co_await inner;
    CHECK(log == "inner ended");
  });
}

TEST_CASE("shield-02: value and error pass through a shield") {
  run_async([]() -> Task<> {
    auto value = []() -> Task<int> {
      co_await yield();
      co_return 3;
    };
    auto failure = []() -> Task<int> {
      co_await yield();
      throw std::runtime_error("inner");
    };
    const int three = co_await shielded(value(), 1s);
    CHECK(three == 3);
    std::string message;
    try {
      (void)co_await shielded(failure(), 1s);
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "inner");
  });
}
