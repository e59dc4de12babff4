#include "engine/token_bucket.hpp"

#include <catch2/catch.hpp>

using namespace belfry::engine;
using namespace std::chrono_literals;

namespace {
const Monotonic made{1h};
}

TEST_CASE("a bucket is full at first, at whatever instant its clock began", "[token_bucket]") {
  const TokenBucket bucket({.count = 1, .per = 1s, .burst = 3});
  CHECK(bucket.tokens(made) == 3);
  CHECK(bucket.tokens(Monotonic{0s}) == 3);
  CHECK(bucket.tokens(Monotonic{-24h}) == 3);
  CHECK(bucket.ready_at(made) == made);
}

TEST_CASE("tokens come one by one after a burst, to the nanosecond", "[token_bucket]") {
  TokenBucket bucket({.count = 2, .per = 1s, .burst = 2});
  bucket.take(made);
  bucket.take(made);
  CHECK_FALSE(bucket.ready(made));
  CHECK(bucket.ready_at(made) == made + 500ms);
  CHECK_FALSE(bucket.ready(made + 500ms - 1ns));
  CHECK(bucket.ready(made + 500ms));
  CHECK(bucket.tokens(made + 999ms) == 1);
  CHECK(bucket.tokens(made + 1s) == 2);
  CHECK(bucket.tokens(made + 1h) == 2);
}

TEST_CASE("a rate that divides no nanosecond does not drift", "[token_bucket]") {
  TokenBucket bucket({.count = 7, .per = 1min, .burst = 1});
  Monotonic now = made;
  for (int minute = 0; minute < 10'000; ++minute) {
    for (int start_in_minute = 0; start_in_minute < 7; ++start_in_minute) {
      bucket.take(now);
      now = bucket.ready_at(now);
    }
  }
  // Each wait is rounded up by less than a nanosecond, and the next one is shorter by as much.
  CHECK(now - made >= 10'000 * 1min);
  CHECK(now - made <= 10'000 * 1min + 1ns);
}

TEST_CASE("a token that was not there is owed", "[token_bucket]") {
  TokenBucket bucket({.count = 1, .per = 10s, .burst = 1});
  for (int i = 0; i < 3; ++i) bucket.take(made);
  CHECK(bucket.tokens(made) == -2);
  CHECK(bucket.ready_at(made) == made + 30s);
}

TEST_CASE("the largest rates and debts stay within the range of the clock", "[token_bucket]") {
  TokenBucket bucket({.count = 1, .per = 365 * 24h, .burst = 1'000'000});
  for (int i = 0; i < 1'000'000; ++i) bucket.take(made);
  CHECK(bucket.tokens(made) == 0);
  CHECK(bucket.ready_at(made) == made + 365 * 24h);
  for (int i = 0; i < 1'000; ++i) bucket.take(made);
  CHECK(bucket.ready_at(made) == made + 100 * 365 * 24h);
}

TEST_CASE("another rate keeps what was taken", "[token_bucket]") {
  TokenBucket bucket({.count = 1, .per = 1min, .burst = 5});
  for (int i = 0; i < 4; ++i) bucket.take(made);
  SECTION("of a larger bucket more is left") {
    bucket.set_policy({.count = 1, .per = 1s, .burst = 10}, made);
    CHECK(bucket.tokens(made) == 6);
    CHECK(bucket.tokens(made + 4s) == 10);
  }
  SECTION("a smaller bucket is empty, not in debt") {
    bucket.set_policy({.count = 1, .per = 1s, .burst = 2}, made);
    CHECK(bucket.tokens(made) == 0);
    CHECK(bucket.ready_at(made) == made + 1s);
  }
  SECTION("the same rate changes nothing, not even by rounding") {
    for (int i = 0; i < 1000; ++i) bucket.set_policy({.count = 1, .per = 1min, .burst = 5}, made + 59s);
    CHECK(bucket.tokens(made + 1min) == 2);
  }
}
