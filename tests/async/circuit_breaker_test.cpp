// CircuitBreaker and Bulkhead: which calls are made, and which are turned away.
#include "async/circuit_breaker.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "async/bulkhead.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

using State = CircuitBreaker::State;

enum class Said { value, failed, open };

Task<int> answer(bool fails, Duration after = 0s) {
  co_await sleep(after);
  if (fails) throw std::runtime_error("down");
  co_return 1;
}

Task<Said> call(CircuitBreaker& breaker, bool fails, Duration after = 0s) {
  try {
    (void)co_await breaker.run(answer(fails, after));
    co_return Said::value;
  } catch (const CircuitOpen&) {
    co_return Said::open;
  } catch (const std::runtime_error&) {
    co_return Said::failed;
  }
}

}  // namespace

TEST_CASE("enough failures among the last calls open the breaker, old ones are forgotten", "[circuit_breaker]") {
  run_async([]() -> Task<> {
    CircuitBreaker breaker(CircuitBreakerOptions().opens_at(2, 3).pause(10s));
    for (const bool fails : {true, false, false, true, false, false}) {
      (void)co_await call(breaker, fails);
      CHECK(breaker.state() == State::closed);
    }
    (void)co_await call(breaker, true);
    (void)co_await call(breaker, true);
    CHECK(breaker.state() == State::open);
    const Said said = co_await call(breaker, false);
    CHECK(said == Said::open);
  });
}

TEST_CASE("after the pause one probe at a time decides", "[circuit_breaker]") {
  run_async([]() -> Task<> {
    CircuitBreaker breaker(CircuitBreakerOptions().opens_at(1, 1).pause(10s).probes(2));
    Said said = co_await call(breaker, true);
    CHECK(said == Said::failed);
    co_await sleep(10s);
    CHECK(breaker.state() == State::half_open);
    said = co_await call(breaker, true);
    CHECK(said == Said::failed);
    CHECK(breaker.state() == State::open);  // for another pause
    co_await sleep(10s);
    JoinHandle<Said> probe = spawn(call(breaker, false, 1s));
    co_await yield();
    said = co_await call(breaker, false);
    CHECK(said == Said::open);  // the probe is under way
    said = co_await probe;
    CHECK(said == Said::value);
    CHECK(breaker.state() == State::half_open);  // two in a row are wanted
    said = co_await call(breaker, false);
    CHECK(breaker.state() == State::closed);
  });
}

TEST_CASE("a cancelled probe leaves the place to the next, a late call of another state does not count",
          "[circuit_breaker]") {
  run_async([]() -> Task<> {
    CircuitBreaker breaker(CircuitBreakerOptions().opens_at(1, 1).pause(10s));
    JoinHandle<Said> late = spawn(call(breaker, true, 30s));
    co_await yield();
    breaker.trip();
    co_await sleep(10s);
    const bool ended = co_await move_on_after(1s, breaker.run(answer(false, 1h))) != std::nullopt;
    CHECK_FALSE(ended);
    CHECK(breaker.state() == State::half_open);
    Said said = co_await call(breaker, false);
    CHECK(said == Said::value);
    said = co_await late;
    CHECK(said == Said::failed);
    CHECK(breaker.state() == State::closed);
    CHECK(to_string(breaker.state()) == "closed");
    CHECK_THROWS_AS(CircuitBreaker(CircuitBreakerOptions().opens_at(3, 2)), std::invalid_argument);
  });
}

TEST_CASE("what counts as a failure can be chosen, CircuitOpen says when to come back", "[circuit_breaker]") {
  run_async([]() -> Task<> {
    CircuitBreaker lenient(
        CircuitBreakerOptions().opens_at(1, 1).counts([](const std::exception_ptr&) { return false; }));
    (void)co_await call(lenient, true);
    CHECK(lenient.state() == State::closed);
    CircuitBreaker breaker(CircuitBreakerOptions().pause(10s));
    breaker.trip();
    co_await sleep(4s);
    Duration left{};
    try {
      (void)co_await breaker.run(answer(false));
    } catch (const CircuitOpen& open) {
      left = open.retry_after();
    }
    CHECK(left == 6s);
    breaker.reset();
    const Said said = co_await call(breaker, false);
    CHECK(said == Said::value);
  });
}

TEST_CASE("a bulkhead runs some, lets some wait, and turns the others away", "[bulkhead]") {
  run_async([]() -> Task<> {
    Bulkhead bulkhead(2, 1);
    int begun = 0;
    auto work = [&]() -> Task<> {
      ++begun;
      co_await sleep(1s);
    };
    auto enter = [&]() -> Task<bool> {
      try {
        co_await bulkhead.run(work());
        co_return true;
      } catch (const BulkheadFull&) {
        co_return false;
      }
    };
    std::vector<JoinHandle<bool>> handles;
    for (int i = 0; i < 4; ++i) handles.push_back(spawn(enter()));
    co_await yield();
    CHECK(bulkhead.running() == 2);
    CHECK(bulkhead.waiting() == 1);
    int entered = 0;
    for (JoinHandle<bool>& handle : handles) {
      const bool in = co_await handle;
      entered += in ? 1 : 0;
    }
    CHECK(entered == 3);
    CHECK(begun == 3);
    CHECK(bulkhead.running() == 0);
    CHECK_THROWS_AS(Bulkhead(0, 1), std::invalid_argument);
  });
}
