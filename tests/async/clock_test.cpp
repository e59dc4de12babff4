// The two clocks.
#include "async/clock.hpp"

#include <catch2/catch.hpp>

using namespace belfry::async;
using namespace std::chrono_literals;

TEST_CASE("the system's clock never goes back") {
  const SystemClock& clock = SystemClock::shared();
  std::int64_t last = clock.now_ns();
  bool monotonic = true;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t now = clock.now_ns();
    monotonic = monotonic && now >= last;
    last = now;
  }
  CHECK(monotonic);
  CHECK(clock.wall_now() > WallTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
}

TEST_CASE("advance moves both times of a manual clock, a step only the wall clock") {
  ManualClock clock(WallTime(1000s));
  const std::int64_t start = clock.now_ns();
  clock.advance(5s);
  CHECK(clock.now_ns() - start == Duration(5s).count());
  CHECK(clock.wall_now() == WallTime(1005s));
  CHECK(clock.wall_changes() == 0);
  clock.advance_wall(-10s);
  CHECK(clock.now_ns() - start == Duration(5s).count());
  CHECK(clock.wall_now() == WallTime(995s));
  CHECK(clock.wall_changes() == 1);
  CHECK(clock.manual() == &clock);
  CHECK(SystemClock::shared().manual() == nullptr);
}
