// periodic, delayed, TimeSlice: work by the clock, and work that gives way.
#include "async/periodic.hpp"

#include <catch2/catch.hpp>
#include <span>
#include <stdexcept>
#include <vector>

#include "async/spawn.hpp"
#include "async/time_slice.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

namespace {

/// When runs began, in seconds, if the second one takes 35 s at an interval of 10 s.
Task<std::vector<int>> begins(PeriodicOptions options) {
  std::vector<int> seconds;
  const std::int64_t began = Loop::current().now_ns();
  auto run = [&]() -> Task<> {
    seconds.push_back(static_cast<int>((Loop::current().now_ns() - began) / 1'000'000'000));
    if (seconds.size() == 2) co_await sleep(35s);
  };
  (void)co_await move_on_after(75s, periodic(10s, run, options));
  co_return seconds;
}

}  // namespace

TEST_CASE("runs come at a fixed rate, missed ones as the policy says", "[periodic]") {
  run_async([]() -> Task<> {
    std::vector<int> seconds = co_await begins(PeriodicOptions());
    CHECK(seconds == std::vector{10, 20, 60, 70});
    seconds = co_await begins(PeriodicOptions().at_once().missed(MissedTicks::skip));
    CHECK(seconds == std::vector{0, 10, 50, 60, 70});
    seconds = co_await begins(PeriodicOptions().missed(MissedTicks::catch_up));
    CHECK(seconds == std::vector{10, 20, 55, 55, 55, 60, 70});
    seconds = co_await begins(PeriodicOptions().missed(MissedTicks::delay));
    CHECK(seconds == std::vector{10, 20, 55, 65});
  });
}

TEST_CASE("a failing run ends the series, an interval must be positive", "[periodic]") {
  run_async([]() -> Task<> {
    auto fails = []() -> Task<> {
      throw std::runtime_error("failed");
      co_return;
    };
    bool failed = false;
    try {
      co_await periodic(1s, fails);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    CHECK(failed);
    CHECK_THROWS_AS(Ticks(0, 0s, PeriodicOptions()), std::invalid_argument);
  });
}

TEST_CASE("a delayed task begins late, or never when it is cancelled before", "[periodic]") {
  run_async([]() -> Task<> {
    bool begun = false;
    auto work = [&]() -> Task<int> {
      begun = true;
      co_return 7;
    };
    const std::int64_t before = Loop::current().now_ns();
    const int value = co_await delayed(1h, work());
    CHECK(value == 7);
    CHECK(Loop::current().now_ns() - before == Duration(1h).count());
    begun = false;
    (void)co_await move_on_after(1s, delayed(1h, work()));
    CHECK_FALSE(begun);
  });
}

TEST_CASE("long work gives way when its slice is spent, and only then", "[time_slice]") {
  run_async([]() -> Task<> {
    int turns = 0;
    auto count_turns = [&]() -> Task<> {
      for (;;) {
        co_await yield();
        ++turns;
      }
    };
    JoinHandle<> other = spawn(count_turns());
    co_await yield();
    turns = 0;
    int done = 0;
    std::vector<int> items(100, 1);
    co_await for_each_fair(std::span(items), [&](int item) {
      done += item;
      test_clock().advance(100us);  // what an item costs
    });
    CHECK(done == 100);
    CHECK(turns == 5);  // 100 items of 0.1 ms in slices of 2 ms
    auto unpaid = [&](int) { ++done; };
    co_await for_each_fair(items, unpaid);
    CHECK(turns == 5);
    other.cancel();
    co_await settle();  // before what it counts in goes
  });
}

TEST_CASE("cancellation is seen when the slice is spent", "[time_slice]") {
  run_async([]() -> Task<> {
    int done = 0;
    auto work = [&]() -> Task<> {
      const std::vector<int> items(1000, 0);
      co_await for_each_fair(std::span(items), [&](int) {
        ++done;
        test_clock().advance(1ms);
      });
    };
    JoinHandle<> worker = spawn(work());
    co_await yield();
    worker.cancel();
    co_await settle();
    CHECK(worker.done());
    CHECK(done < 20);
  });
}
