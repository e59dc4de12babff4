// Timeouts: they wait for their body, nest, and keep values and errors.
#include "async/timeout.hpp"
#include "async/nap.hpp"

#include <catch2/catch.hpp>

#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

Task<int> five_after(Duration span) {
  co_await sleep(span);
  co_return 5;
}

std::int64_t now() { return Loop::current().now_ns(); }

}  // namespace

TEST_CASE("a body that is in time gives its value") {
  run_async([]() -> Task<> {
    const int value = co_await with_timeout(2s, five_after(1s));
    CHECK(value == 5);
    const std::optional<int> maybe = co_await move_on_after(2s, five_after(1s));
    CHECK(maybe == 5);
    CHECK(Loop::current().timers().empty());
  });
}

TEST_CASE("with_timeout throws TimeoutError") {
  run_async([]() -> Task<> {
    const std::int64_t start = now();
    std::optional<Duration> limit;
    try {
      (void)co_await with_timeout(2s, five_after(1h));
    } catch (const TimeoutError& error) {
      limit = error.limit();
    }
    CHECK(limit == 2s);
    CHECK(now() - start == Duration(2s).count());
  });
}

TEST_CASE("a timeout waits until the body has ended") {
  run_async([]() -> Task<> {
    bool cleaned = false;
    auto body = [&]() -> Task<> {
      std::exception_ptr cancelled;
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        cancelled = std::current_exception();
      }
      co_await shielded(nap(3s), 1min);
      cleaned = true;
      std::rethrow_exception(cancelled);
    };
    const bool finished = co_await move_on_after(1s, body());
    CHECK_FALSE(finished);
    CHECK(cleaned);
  });
}

TEST_CASE("the earliest of nested deadlines wins, and only its scope reports it") {
  run_async([]() -> Task<> {
    auto inner_is_longer = []() -> Task<> {
      const bool finished = co_await move_on_after(10s, nap(1h));
      CHECK(finished);  // never reached: the outer deadline passes through
    };
    const bool outer = co_await move_on_after(1s, inner_is_longer());
    CHECK_FALSE(outer);

    auto inner_is_shorter = []() -> Task<> {
      const bool finished = co_await move_on_after(1s, nap(1h));
      CHECK_FALSE(finished);
      co_await sleep(1s);
    };
    const bool outer_again = co_await move_on_after(10s, inner_is_shorter());
    CHECK(outer_again);
  });
}

TEST_CASE("two deadlines at the same instant belong to the outer scope") {
  run_shuffled([]() -> Task<> {
    bool inner_returned = false;
    auto inner = [&]() -> Task<> {
      (void)co_await move_on_after(1s, nap(1h));
      inner_returned = true;
      co_await yield();
    };
    const bool finished = co_await move_on_after(1s, inner());
    CHECK_FALSE(finished);
    CHECK_FALSE(inner_returned);
  });
}

TEST_CASE("the error of a body wins over its timeout") {
  run_async([]() -> Task<> {
    auto body = []() -> Task<> {
      co_await sleep(500ms);
      throw std::runtime_error("broken");
    };
    std::string what;
    try {
      co_await with_timeout(1s, body());
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "broken");
  });
}

TEST_CASE("a body that outlasts its cancellation gives its value") {
  run_async([]() -> Task<> {
    auto stubborn = []() -> Task<int> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        // it has a value all the same
      }
      co_return 8;
    };
    const int value = co_await with_timeout(1s, stubborn());
    CHECK(value == 8);
  });
}

TEST_CASE("a timeout of zero lets the body run to its first wait") {
  run_async([]() -> Task<> {
    auto quick = []() -> Task<int> { co_return 1; };
    const std::optional<int> value = co_await move_on_after(0s, quick());
    CHECK(value == 1);
    const bool finished = co_await move_on_after(0s, nap(1h));
    CHECK_FALSE(finished);
  });
}

TEST_CASE("cancelling who waits with a timeout cancels the body and is no timeout") {
  run_async([]() -> Task<> {
    auto waits = []() -> Task<> { co_await with_timeout(1min, nap(1h)); };
    JoinHandle<> handle = spawn(waits());
    co_await sleep(1s);
    handle.cancel();
    bool cancelled = false;
    try {
      co_await handle;
    } catch (const Cancelled&) {
      cancelled = true;
    }
    CHECK(cancelled);
    CHECK(Loop::current().timers().empty());
  });
}
