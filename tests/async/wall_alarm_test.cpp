// WallAlarm: due by the wall clock, woken by its changes, silent otherwise.
#include "async/wall_alarm.hpp"

#include <catch2/catch.hpp>

#include "async/spawn.hpp"
#include "async/timeout.hpp"
#include "support/async_fixture.hpp"

using namespace belfry::async;
using namespace belfry::testing;
using namespace std::chrono_literals;

TEST_CASE("an alarm is due at its wall time, and both clocks move on together") {
  run_async([]() -> Task<> {
    Loop& loop = Loop::current();
    const std::int64_t start = loop.now_ns();
    const WallTime at = loop.wall_now() + 36h;
    WallAlarm alarm;
    const WallWake wake = co_await alarm.wait_until(at);
    CHECK(wake == WallWake::due);
    CHECK(loop.wall_now() == at);
    CHECK(loop.now_ns() - start == Duration(36h).count());
    const WallWake past = co_await alarm.wait_until(at - 1h);
    CHECK(past == WallWake::due);
  });
}

TEST_CASE("alarms and sleeps take their turns in the order of time") {
  run_async([]() -> Task<> {
    std::vector<int> order;
    auto alarm_at = [&](int number, Duration after) -> Task<> {
      WallAlarm alarm;
      (void)co_await alarm.wait_until(Loop::current().wall_now() + after);
      order.push_back(number);
    };
    auto sleep_for = [&](int number, Duration after) -> Task<> {
      co_await sleep(after);
      order.push_back(number);
    };
    std::vector<JoinHandle<>> handles;
    handles.push_back(spawn(alarm_at(4, 4s)));
    handles.push_back(spawn(sleep_for(3, 3s)));
    handles.push_back(spawn(alarm_at(2, 2s)));
    handles.push_back(spawn(sleep_for(1, 1s)));
    for (JoinHandle<>& handle : handles) co_await handle;
    CHECK(order == std::vector{1, 2, 3, 4});
  });
}

TEST_CASE("setting the clock wakes the alarm, forward and back") {
  run_async([]() -> Task<> {
    WallAlarm alarm;
    for (const Duration step : {Duration(2h), Duration(-3h)}) {
      Loop::current().call_soon([step] { test_clock().advance_wall(step); });
      const WallWake wake = co_await alarm.wait_until(Loop::current().wall_now() + 1h);
      CHECK(wake == WallWake::clock_changed);
    }
    const WallWake after = co_await alarm.wait_until(Loop::current().wall_now() + 1h);
    CHECK(after == WallWake::due);
  });
}

TEST_CASE("a change between two waits is not lost") {
  run_async([]() -> Task<> {
    WallAlarm alarm;
    test_clock().advance_wall(10min);
    co_await settle();
    const WallWake wake = co_await alarm.wait_until(Loop::current().wall_now() + 1h);
    CHECK(wake == WallWake::clock_changed);
    const WallWake after = co_await alarm.wait_until(Loop::current().wall_now() + 1h);
    CHECK(after == WallWake::due);
  });
}

TEST_CASE("a step of the wall clock does not move sleeps") {
  run_async([]() -> Task<> {
    const std::int64_t start = Loop::current().now_ns();
    Loop::current().call_soon([] { test_clock().advance_wall(100h); });
    co_await sleep(1s);
    CHECK(Loop::current().now_ns() - start == Duration(1s).count());
  });
}

TEST_CASE("an alarm that was cancelled leaves the heap and works again") {
  run_async([]() -> Task<> {
    WallAlarm alarm;
    auto wait = [&]() -> Task<> { (void)co_await alarm.wait_until(WallTime::max()); };
    const bool finished = co_await move_on_after(1s, wait());
    CHECK_FALSE(finished);
    co_await settle();
    CHECK(Loop::current().stats().wall_timers == 0);
    const WallWake wake = co_await alarm.wait_until(Loop::current().wall_now() + 1s);
    CHECK(wake == WallWake::due);
  });
}

TEST_CASE("a real alarm is never early, and one that waits for ever causes no turn of the loop") {
  run_real([]() -> Task<> {
    Loop& loop = Loop::current();
    WallAlarm alarm;
    const WallTime at = loop.wall_now() + 3ms;
    WallWake wake = co_await alarm.wait_until(at);
    CHECK((wake == WallWake::clock_changed || loop.wall_now() >= at));
    auto wait = [&]() -> Task<> { (void)co_await alarm.wait_until(WallTime::max()); };
    const std::uint64_t before = loop.stats().iterations;
    (void)co_await move_on_after(20ms, wait());
    CHECK(loop.stats().iterations - before <= 4);
  });
}
