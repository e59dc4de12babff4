// Backoff and retry: how often, how long in between, and what is not tried again.
#include "async/retry.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("pauses grow up to the longest and are spread by the jitter", "[retry]") {
  const Backoff backoff = Backoff(1s).growing(2.0, 10s).jitter(0.5);
  CHECK(backoff.pause(1, 0.5) == 1s);
  CHECK(backoff.pause(3, 0.5) == 4s);
  CHECK(backoff.pause(100, 0.5) == 10s);
  CHECK(backoff.pause(5000, 0.0) == 5s);  // 2^4999 is infinite
  CHECK(backoff.pause(1, 0.0) == 500ms);
  CHECK(Backoff(1s).pause(7, 0.9) == 1s);
  for (int i = 0; i < 100; ++i) {
    const double unit = random_unit();
    CHECK((unit >= 0.0 && unit < 1.0));
  }
}

TEST_CASE("what fails is tried again after a pause until it succeeds", "[retry]") {
  run_async([]() -> Task<> {
    std::vector<std::int64_t> tries;
    auto third_time_lucky = [&]() -> Task<int> {
      tries.push_back(Loop::current().now_ns());
      co_await yield();
      if (tries.size() < 3) throw std::runtime_error("not yet");
      co_return 7;
    };
    const int value = co_await retry(third_time_lucky, RetryOptions(5).backoff(Backoff(1s).growing(3.0, 1min)));
    CHECK(value == 7);
    REQUIRE(tries.size() == 3);
    CHECK(tries[1] - tries[0] == Duration(1s).count());
    CHECK(tries[2] - tries[1] == Duration(3s).count());
  });
}

TEST_CASE("the last error passes, and so does one that is not worth another try", "[retry]") {
  run_async([]() -> Task<> {
    int tries = 0;
    auto fails = [&]() -> Task<> {
      ++tries;
      throw std::out_of_range("always");
      co_return;
    };
    int failed = 0;
    try {
      co_await retry(fails, RetryOptions(3));
    } catch (const std::out_of_range&) {
      ++failed;
    }
    CHECK(tries == 3);
    try {
      co_await retry(fails, RetryOptions(3).when([](const std::exception_ptr&) { return false; }));
    } catch (const std::out_of_range&) {
      ++failed;
    }
    CHECK(tries == 4);
    CHECK(failed == 2);
    CHECK_THROWS_AS(RetryOptions(0), std::invalid_argument);
  });
}

TEST_CASE("cancellation ends a try and a pause, and is not tried again", "[retry]") {
  run_async([]() -> Task<> {
    int tries = 0;
    auto hangs = [&]() -> Task<> {
      ++tries;
      co_await sleep(1h);
    };
    const bool ended = co_await move_on_after(1s, retry(hangs, RetryOptions(3)));
    CHECK_FALSE(ended);
    CHECK(tries == 1);
    auto fails = [&]() -> Task<> {
      ++tries;
      throw std::runtime_error("at once");
      co_return;
    };
    const bool paused = co_await move_on_after(1s, retry(fails, RetryOptions(3).backoff(Backoff(1h))));
    CHECK_FALSE(paused);
    CHECK(tries == 2);
  });
}
