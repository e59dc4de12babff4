#include "engine/retry.hpp"

#include <catch2/catch.hpp>

using namespace belfry::engine;
using namespace std::chrono_literals;
using belfry::ledger::Outcome;

TEST_CASE("without a limit nothing is tried again", "[retry]") { CHECK_FALSE(wants_retry({}, 1, Outcome::failure, 1)); }

TEST_CASE("retries stop at the limit", "[retry]") {
  const RetryPolicy policy{.limit = 2};
  CHECK(wants_retry(policy, 1, Outcome::failure, 1));
  CHECK(wants_retry(policy, 2, Outcome::failure, 1));
  CHECK_FALSE(wants_retry(policy, 3, Outcome::failure, 1));
}

TEST_CASE("the outcome decides whether a retry makes sense", "[retry]") {
  const RetryPolicy policy{.limit = 1};
  CHECK(wants_retry(policy, 1, Outcome::failure, 1));
  CHECK(wants_retry(policy, 1, Outcome::killed, std::nullopt));
  CHECK(wants_retry(policy, 1, Outcome::start_error, std::nullopt));
  CHECK(wants_retry(policy, 1, Outcome::timeout, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::success, 0));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::cancelled, std::nullopt));
  CHECK_FALSE(wants_retry({.limit = 1, .on_timeout = false}, 1, Outcome::timeout, std::nullopt));
}

TEST_CASE("with a list of exit codes only those are tried again", "[retry]") {
  const RetryPolicy policy{.limit = 5, .on_exit_codes = {75, 111}};
  CHECK(wants_retry(policy, 1, Outcome::failure, 111));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::failure, 1));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::failure, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::killed, std::nullopt));
}

TEST_CASE("the pause grows by the backoff up to max_delay", "[retry]") {
  const RetryPolicy policy{.limit = 99, .delay = 10s, .max_delay = 60s, .backoff = 2};
  CHECK(retry_delay(policy, 1, 0.5) == 10s);
  CHECK(retry_delay(policy, 2, 0.5) == 20s);
  CHECK(retry_delay(policy, 3, 0.5) == 40s);
  CHECK(retry_delay(policy, 4, 0.5) == 60s);
  CHECK(retry_delay(policy, 1000, 0.5) == 60s);
}

TEST_CASE("jitter spreads the pause by its share either way and no further", "[retry]") {
  const RetryPolicy policy{.limit = 1, .delay = 10s, .jitter = 0.2};
  CHECK(retry_delay(policy, 1, 0.0) == 8s);
  CHECK(retry_delay(policy, 1, 0.5) == 10s);
  CHECK(retry_delay(policy, 1, 0.999999) < 12s);
  CHECK(retry_delay(policy, 1, 0.999999) > 11900ms);
  CHECK(retry_delay({.limit = 1, .delay = 10s, .jitter = 1.0}, 1, 0.0) == 0s);
}

TEST_CASE("with a list of kinds only those are tried again", "[retry]") {
  const RetryPolicy policy{.limit = 5, .on = {Outcome::timeout, Outcome::killed}};
  CHECK(wants_retry(policy, 1, Outcome::timeout, std::nullopt));
  CHECK(wants_retry(policy, 1, Outcome::killed, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::failure, 1));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::start_error, std::nullopt));
}

TEST_CASE("exit codes narrow failures and leave the other kinds that are listed alone", "[retry]") {
  const RetryPolicy policy{
      .limit = 5, .on_exit_codes = {75}, .on = {Outcome::failure, Outcome::killed, Outcome::start_error}};
  CHECK(wants_retry(policy, 1, Outcome::failure, 75));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::failure, 1));
  CHECK(wants_retry(policy, 1, Outcome::killed, std::nullopt));
  CHECK(wants_retry(policy, 1, Outcome::start_error, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::timeout, std::nullopt));
}

TEST_CASE("a timeout needs both on_timeout and its place in the list", "[retry]") {
  CHECK_FALSE(wants_retry({.limit = 1, .on_timeout = false, .on = {Outcome::timeout}}, 1, Outcome::timeout, {}));
  CHECK_FALSE(wants_retry({.limit = 1, .on = {Outcome::failure}}, 1, Outcome::timeout, {}));
  CHECK(wants_retry({.limit = 1, .on_exit_codes = {75}}, 1, Outcome::timeout, {}));
}

TEST_CASE("no list makes belfry try again what was cancelled or lost", "[retry]") {
  const RetryPolicy policy{.limit = 1, .on = {Outcome::cancelled, Outcome::lost, Outcome::success}};
  CHECK_FALSE(wants_retry(policy, 1, Outcome::cancelled, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::lost, std::nullopt));
  CHECK_FALSE(wants_retry(policy, 1, Outcome::success, 0));
}
