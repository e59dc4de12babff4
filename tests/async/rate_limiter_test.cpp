// RateLimiter: rate, burst, order, cancellation.
#include "async/rate_limiter.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "async/cancel.hpp"
#include "async/spawn.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("a full bucket gives its burst at once, then tokens at the rate, in order", "[rate_limiter]") {
  run_async([]() -> Task<> {
    RateLimiter limit(10, 1s, 3);
    const std::int64_t began = Loop::current().now_ns();
    std::vector<std::pair<int, Duration>> got;
    auto take = [&](int number) -> Task<> {
      co_await limit.acquire();
      got.emplace_back(number, Duration(Loop::current().now_ns() - began));
    };
    std::vector<JoinHandle<>> handles;
    for (int i = 0; i < 6; ++i) handles.push_back(spawn(take(i)));
    co_await yield();
    CHECK(limit.waiting() == 3);
    CHECK_FALSE(limit.try_acquire());
    for (JoinHandle<>& handle : handles) co_await handle;
    const std::vector<std::pair<int, Duration>> expected{{0, 0s}, {1, 0s}, {2, 0s}, {3, 100ms}, {4, 200ms}, {5, 300ms}};
    CHECK(got == expected);
    co_await sleep(1h);
    CHECK(limit.available() == 3);
    CHECK(limit.try_acquire(2));
    CHECK(limit.available() == 1);
    CHECK_FALSE(limit.try_acquire(2));
  });
}

TEST_CASE("who wants more tokens is not overtaken, who gives up lets the next move up", "[rate_limiter]") {
  run_async([]() -> Task<> {
    RateLimiter limit(1, 1s, 5);
    CHECK(limit.try_acquire(5));
    const std::int64_t began = Loop::current().now_ns();
    Duration small_at{};
    auto take = [&](std::size_t tokens, Duration& at) -> Task<> {
      co_await limit.acquire(tokens);
      at = Duration(Loop::current().now_ns() - began);
    };
    Duration big_at{};
    JoinHandle<> big = spawn(take(4, big_at));
    JoinHandle<> small = spawn(take(1, small_at));
    co_await sleep(2s);
    CHECK_FALSE(small.done());
    big.cancel();
    co_await small;
    CHECK(small_at == 2s);
    CHECK(limit.available() == 1);
  });
}

TEST_CASE("a limiter that could never give is refused", "[rate_limiter]") {
  CHECK_THROWS_AS(RateLimiter(0, 1s), std::invalid_argument);
  CHECK_THROWS_AS(RateLimiter(1, 0s), std::invalid_argument);
  CHECK_THROWS_AS(RateLimiter(1, 1s, 0), std::invalid_argument);
  RateLimiter limit(1, 1s, 2);
  CHECK_THROWS_AS(limit.acquire(3), std::invalid_argument);
}
