// Cancellation: level-triggered scopes, reasons, deadlines, and who swallows what.
#include "async/cancel.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "async/event.hpp"
#include "async/future.hpp"
#include "async/gather.hpp"
#include "async/lock.hpp"
#include "async/nap.hpp"
#include "async/queue.hpp"
#include "async/spawn.hpp"
#include "async/task_group.hpp"
#include "async/timeout.hpp"
#include "async/wall_alarm.hpp"
#include "support/async_fixture.hpp"
#include "support/counted.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// Runs `wait` in a task, cancels it while it waits, and checks that it ended by Cancelled with that reason.
Task<> check_cancellable(std::function<Task<>()> wait) {
  JoinHandle<> handle = spawn(wait());
  co_await settle();
  REQUIRE_FALSE(handle.done());
  handle.cancel(CancelReason::replaced);
  CHECK_FALSE(handle.done());  // nobody is resumed within cancel()
  std::optional<CancelReason> reason;
  try {
    co_await handle;
  } catch (const Cancelled& cancelled) {
    reason = cancelled.reason();
  }
  CHECK(reason == CancelReason::replaced);
}

}  // namespace

TEST_CASE("a cancelled sleep leaves the heap") {
  run_async([]() -> Task<> {
    co_await check_cancellable([] { return nap(1h); });
    CHECK(Loop::current().timers().empty());
  });
}

TEST_CASE("every primitive can be cancelled while it is waited for, and forgets the waiter") {
  run_async([]() -> Task<> {
    Event event;
    co_await check_cancellable([&]() -> Task<> { co_await event.wait(); });
    CHECK(event.waiters() == 0);

    Lock lock;
    const Lock::Guard guard = co_await lock.acquire();
    co_await check_cancellable([&]() -> Task<> { const Lock::Guard mine = co_await lock.acquire(); });
    CHECK(lock.waiters() == 0);

    Queue<int> queue(1);
    co_await check_cancellable([&]() -> Task<> { (void)co_await queue.get(); });
    co_await queue.put(1);
    co_await check_cancellable([&]() -> Task<> { co_await queue.put(2); });
    CHECK(queue.statistics().putting == 0);
    CHECK(queue.statistics().getting == 0);
    CHECK(queue.size() == 1);

    Promise<int> promise;
    const Future<int> future = promise.future();
    co_await check_cancellable([&]() -> Task<> { (void)co_await future; });

    JoinHandle<> other = spawn(nap(1h));
    co_await check_cancellable([&]() -> Task<> { co_await other; });
    CHECK_FALSE(other.done());  // cancelling who joins does not cancel who is joined

    WallAlarm alarm;
    co_await check_cancellable([&]() -> Task<> { (void)co_await alarm.wait_until(WallTime::max()); });
    co_await check_cancellable([&]() -> Task<> {
      auto body = [](TaskGroup& group) -> Task<> {
        group.start(nap(1h));
        co_return;
      };
      co_await with_task_group(body);
    });
    co_await check_cancellable([&]() -> Task<> { co_await gather(nap(1h), nap(2h)); });
  });
}

TEST_CASE("a scope swallows its own cancellation and says so") {
  run_async([]() -> Task<> {
    CancelScope scope;
    Loop::current().call_soon([&] { scope.cancel(CancelReason::user); });
    const bool finished = co_await scope.run(nap(1h));
    CHECK_FALSE(finished);
    CHECK(scope.cancelled());
    CHECK(scope.reason() == CancelReason::user);
    co_await sleep(1s);  // outside of the scope nothing is cancelled
  });
}

TEST_CASE("a scope gives the value of a body that ends by itself") {
  run_async([]() -> Task<> {
    CancelScope scope;
    auto body = []() -> Task<int> {
      co_await yield();
      co_return 4;
    };
    const std::optional<int> value = co_await scope.run(body());
    CHECK(value == 4);
  });
}

TEST_CASE("a scope lets other exceptions pass") {
  run_async([]() -> Task<> {
    CancelScope scope;
    auto body = [&]() -> Task<> {
      scope.cancel();
      try {
        co_await sleep(1s);
      } catch (const Cancelled&) {
        throw std::runtime_error("clean-up failed");
      }
    };
    std::string what;
    try {
      co_await scope.run(body());
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "clean-up failed");
  });
}

TEST_CASE("cancellation is level-triggered: every later await throws again") {
  run_async([]() -> Task<> {
    int thrown = 0;
    Event set;
    set.set();
    Queue<int> queue;
    co_await queue.put(1);
    CancelScope scope;
    auto body = [&]() -> Task<> {
      scope.cancel();
      for (int i = 0; i < 3; ++i) {
        try {
          co_await sleep(1s);
        } catch (const Cancelled&) {
          ++thrown;
        }
      }
      try {
        co_await set.wait();  // would not have to wait, throws all the same
      } catch (const Cancelled&) {
        ++thrown;
      }
      try {
        (void)co_await queue.get();
      } catch (const Cancelled&) {
        ++thrown;
      }
    };
    const bool finished = co_await scope.run(body());
    CHECK(finished);  // the body swallowed them all
    CHECK(thrown == 5);
    CHECK(queue.size() == 1);  // nothing was taken
  });
}

TEST_CASE("a scope that was cancelled before it runs does not start its body") {
  run_async([]() -> Task<> {
    CancelScope scope;
    scope.cancel(CancelReason::shutdown);
    bool ran = false;
    auto body = [&]() -> Task<> {
      ran = true;
      co_return;
    };
    const bool finished = co_await scope.run(body());
    CHECK_FALSE(finished);
    CHECK_FALSE(ran);
  });
}

TEST_CASE("the outer cancellation passes through the inner scope") {
  run_async([]() -> Task<> {
    CancelScope outer;
    CancelScope inner;
    bool inner_returned = false;
    auto body = [&]() -> Task<> {
      (void)co_await inner.run(nap(1h));
      inner_returned = true;
    };
    Loop::current().call_soon([&] {
      inner.cancel(CancelReason::replaced);
      outer.cancel(CancelReason::shutdown);
    });
    const bool finished = co_await outer.run(body());
    CHECK_FALSE(finished);
    CHECK_FALSE(inner_returned);
  });
}

TEST_CASE("the inner cancellation stays inside") {
  run_async([]() -> Task<> {
    CancelScope outer;
    CancelScope inner;
    auto body = [&]() -> Task<> {
      const bool finished = co_await inner.run(nap(1h));
      CHECK_FALSE(finished);
      co_await sleep(1s);
    };
    Loop::current().call_soon([&] { inner.cancel(); });
    const bool finished = co_await outer.run(body());
    CHECK(finished);
  });
}

TEST_CASE("the Cancelled of a joined task is not taken for one's own") {
  run_async([]() -> Task<> {
    CancelScope scope;
    auto body = [&]() -> Task<> {
      JoinHandle<> other = spawn(nap(1h));
      co_await yield();
      other.cancel(CancelReason::replaced);
      co_await other;
    };
    std::optional<CancelReason> reason;
    try {
      co_await scope.run(body());
    } catch (const Cancelled& cancelled) {
      reason = cancelled.reason();
    }
    CHECK(reason == CancelReason::replaced);
  });
}

TEST_CASE("a result that is there wins over a later cancellation") {
  run_async([]() -> Task<> {
    Queue<int> queue;
    CancelScope scope;
    std::optional<int> got;
    auto body = [&]() -> Task<> { got = co_await queue.get(); };
    Loop::current().call_soon([&] {
      queue.put_nowait(9);
      scope.cancel();
    });
    const bool finished = co_await scope.run(body());
    CHECK(finished);
    CHECK(got == 9);
  });
}

TEST_CASE("a scope runs one body at a time and may run another later") {
  run_async([]() -> Task<> {
    CancelScope scope;
    auto nested = [&]() -> Task<> {
      bool refused = false;
      try {
        (void)co_await scope.run(nap(1s));
      } catch (const std::logic_error&) {
        refused = true;
      }
      CHECK(refused);
    };
    const bool first = co_await scope.run(nested());
    CHECK(first);
    const bool second = co_await scope.run(nap(1s));
    CHECK(second);
  });
}

TEST_CASE("a scope may cancel itself from inside and from a task that it waits for") {
  run_shuffled([]() -> Task<> {
    CancelScope scope;
    auto canceller = [&]() -> Task<> {
      co_await sleep(1s);
      scope.cancel();
      scope.cancel(CancelReason::shutdown);  // the first reason counts
    };
    JoinHandle<> handle = spawn(canceller());
    const bool finished = co_await scope.run(nap(1h));
    CHECK_FALSE(finished);
    CHECK(scope.reason() == CancelReason::user);
    co_await handle;
  });
}

TEST_CASE("a scope may be destroyed right after its cancellation") {
  run_async([]() -> Task<> {
    auto scope = std::make_unique<CancelScope>();
    auto canceller = [&]() -> Task<> {
      scope->cancel();
      co_return;
    };
    JoinHandle<> handle = spawn(canceller());
    const bool finished = co_await scope->run(nap(1h));
    scope.reset();
    CHECK_FALSE(finished);
    co_await handle;
  });
}

TEST_CASE("a deadline cancels with the reason timeout") {
  run_async([]() -> Task<> {
    CancelScope scope = CancelScope::with_deadline(10s);
    const std::int64_t start = Loop::current().now_ns();
    const bool finished = co_await scope.run(nap(1h));
    CHECK_FALSE(finished);
    CHECK(scope.reason() == CancelReason::timeout);
    CHECK(Loop::current().now_ns() - start == Duration(10s).count());
    CHECK(Loop::current().timers().empty());
  });
}

TEST_CASE("catching std::exception does not catch a cancellation") {
  run_async([]() -> Task<> {
    CancelScope scope;
    bool taken_for_a_failure = false;
    auto body = [&]() -> Task<> {
      scope.cancel();
      try {
        co_await sleep(1s);
      } catch (const std::exception&) {
        taken_for_a_failure = true;
      }
    };
    const bool finished = co_await scope.run(body());
    CHECK_FALSE(finished);
    CHECK_FALSE(taken_for_a_failure);
  });
}

TEST_CASE("every reason has a name") {
  CHECK(to_string(CancelReason::sibling_failed) == "sibling_failed");
  CHECK(to_string(CancelReason::owner_gone) == "owner_gone");
}
