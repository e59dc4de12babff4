// What people who know asyncio expect of wait_for() and timeout(); see task_rows.cpp.
#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "async/cancel.hpp"
#include "async/nap.hpp"
#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// Sleeps, and notes a cancellation before it lets it pass.
Task<> noting_nap(std::string& log, Duration span) {
  try {
    co_await sleep(span);
  } catch (const Cancelled& cancelled) {
    log += "inside: " + std::string(to_string(cancelled.reason())) + "; ";
    throw;
  }
}

}  // namespace

TEST_CASE("wait_for-02: when the limit passes, the work is cancelled and a time-out error is thrown") {
  run_async([]() -> Task<> {
    std::string log;
    bool timed_out = false;
    try {
      co_await with_timeout(1s, noting_nap(log, 1h));
    } catch (const TimeoutError&) {
      timed_out = true;
    }
    CHECK(timed_out);
    CHECK(log == "inside: timeout; ");
  });
}

TEST_CASE("wait_for-04: work that swallows the signal and returns a value gives the value instead of a time-out") {
  run_async([]() -> Task<> {
    auto stubborn = []() -> Task<int> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
      }
      co_return 1;
    };
    const int value = co_await with_timeout(1s, stubborn());
    CHECK(value == 1);
  });
}

TEST_CASE("wait_for-06: without a limit the value comes, however long it took") {
  run_async([]() -> Task<> {
    auto slow = []() -> Task<int> {
      co_await sleep(24h * 365 * 100);
      co_return 1;
    };
    const int value = co_await with_timeout(Duration::max(), slow());
    CHECK(value == 1);
  });
}

TEST_CASE(
    "wait_for-12: work that somebody else cancels is a cancellation for who awaits it with a limit, no time-out") {
  run_async([]() -> Task<> {
    JoinHandle<> work = spawn(nap(1h));
    std::string outcome;
    auto wait = [&]() -> Task<> {
      auto joined = [&]() -> Task<> { co_await work; };
      try {
        co_await with_timeout(10s, joined());
      } catch (const Cancelled& cancelled) {
        outcome = to_string(cancelled.reason());
      } catch (const TimeoutError&) {
        outcome = "time-out";
      }
    };
    JoinHandle<> waiter = spawn(wait());
    co_await settle();
    work.cancel(CancelReason::replaced);
    co_await waiter;
    CHECK(outcome == "replaced");
  });
}

TEST_CASE("timeout-02: inside the scope it is the cancellation signal, outside a time-out error") {
  run_async([]() -> Task<> {
    std::string log;
    try {
      co_await with_timeout(1s, noting_nap(log, 1h));
    } catch (const TimeoutError&) {
      log += "outside: time-out";
    }
    CHECK(log == "inside: timeout; outside: time-out");
  });
}

TEST_CASE("timeout-04: a deadline that the body moves later does not pass at its old time") {
  run_async([]() -> Task<> {
    CancelScope scope = CancelScope::with_deadline(1s);
    auto body = [&]() -> Task<int> {
      scope.set_deadline(1h);
      co_await sleep(2s);
      scope.set_deadline(std::nullopt);
      co_await sleep(24h);
      co_return 1;
    };
    const std::optional<int> value = co_await scope.run(body());
    CHECK(value == 1);
  });
}

TEST_CASE("timeout-05: a deadline that the body moves into the past passes at the next await") {
  run_async([]() -> Task<> {
    CancelScope scope = CancelScope::with_deadline(1h);
    std::string log;
    auto body = [&]() -> Task<> {
      scope.set_deadline(-1s);
      log += "before the await; ";
      co_await noting_nap(log, 1ns);
      log += "after";
    };
    const bool finished = co_await scope.run(body());
    CHECK_FALSE(finished);
    CHECK(scope.reason() == CancelReason::timeout);
    CHECK(log == "before the await; inside: timeout; ");
  });
}

TEST_CASE("timeout-07: an inner scope that expires does not affect the outer one") {
  run_async([]() -> Task<> {
    std::string log;
    auto body = [&]() -> Task<> {
      try {
        co_await with_timeout(10ms, nap(1h));
      } catch (const TimeoutError&) {
        log += "inner expired; ";
      }
      co_await sleep(10ms);
      log += "outer went on";
    };
    co_await with_timeout(1s, body());
    CHECK(log == "inner expired; outer went on");
  });
}

TEST_CASE("timeout-12: an error of the body's own unwinding is thrown, not a time-out") {
  run_async([]() -> Task<> {
    auto body = []() -> Task<> {
      try {
        co_await sleep(1h);
      } catch (const Cancelled&) {
        throw std::runtime_error("clean-up failed");
      }
    };
    std::string message;
    try {
      co_await with_timeout(1s, body());
    } catch (const TimeoutError&) {
      message = "time-out";
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "clean-up failed");
  });
}

TEST_CASE("timeout-15: a scope cannot be entered while it is entered") {
  run_async([]() -> Task<> {
    CancelScope scope;
    std::string message;
    auto body = [&]() -> Task<> {
      try {
        co_await scope.run(nap(1s));
      } catch (const std::logic_error& error) {
        message = error.what();
      }
    };
    co_await scope.run(body());
    CHECK_FALSE(message.empty());
  });
}

TEST_CASE("timeout-17: of two nested scopes with the same limit exactly one time-out leaves the outer one") {
  run_async([]() -> Task<> {
    int inner = 0;
    int outer = 0;
    auto body = [&]() -> Task<> {
      try {
        co_await with_timeout(1s, nap(1h));
      } catch (const TimeoutError&) {
        ++inner;
        throw;
      }
    };
    try {
      co_await with_timeout(1s, body());
    } catch (const TimeoutError&) {
      ++outer;
    }
    CHECK(inner <= 1);
    CHECK(outer == 1);
  });
}
