// shielded(): clean-up that is deaf to the outer cancellation, for a while.
#include <catch2/catch.hpp>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/nap.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("a shielded body is deaf to the outer cancellation") {
  run_async([]() -> Task<> {
    CancelScope scope;
    bool cleaned = false;
    auto body = [&]() -> Task<> {
      std::exception_ptr cancelled;
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        cancelled = std::current_exception();
      }
      co_await shielded(nap(5s), 10s);
      cleaned = true;
      std::rethrow_exception(cancelled);
    };
    Loop::current().call_soon([&] { scope.cancel(); });
    const bool finished = co_await scope.run(body());
    CHECK_FALSE(finished);
    CHECK(cleaned);
    CHECK(Loop::current().timers().empty());
  });
}

TEST_CASE("the grace of a shield runs from the cancellation and then the body is cancelled") {
  run_async([]() -> Task<> {
    CancelScope scope;
    auto canceller = [&]() -> Task<> {
      co_await sleep(100s);
      scope.cancel(CancelReason::shutdown);
    };
    JoinHandle<> handle = spawn(canceller());
    const std::int64_t start = Loop::current().now_ns();
    std::optional<CancelReason> reason;
    auto body = [&]() -> Task<> {
      try {
        co_await shielded(nap(1h), 10s);
      } catch (const Cancelled& cancelled) {
        reason = cancelled.reason();
        throw;
      }
    };
    const bool finished = co_await scope.run(body());
    CHECK_FALSE(finished);
    CHECK(reason == CancelReason::shutdown);
    CHECK(Loop::current().now_ns() - start == Duration(110s).count());
    co_await handle;
  });
}

TEST_CASE("a scope inside a shield still works") {
  run_async([]() -> Task<> {
    CancelScope outer;
    auto body = [&]() -> Task<> {
      outer.cancel();
      auto inner = []() -> Task<> {
        const bool finished = co_await move_on_after(1s, nap(1h));
        CHECK_FALSE(finished);
      };
      co_await shielded(inner(), 1min);
      check_cancelled();
    };
    const bool finished = co_await outer.run(body());
    CHECK_FALSE(finished);
  });
}

TEST_CASE("a shield returns the value of its body") {
  run_async([]() -> Task<> {
    auto body = []() -> Task<int> {
      co_await yield();
      co_return 3;
    };
    const int value = co_await shielded(body(), 1s);
    CHECK(value == 3);
  });
}
