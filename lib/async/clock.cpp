// The two clocks; see clock.hpp.

#include "async/clock.hpp"

#include <time.h>

namespace belfry::async {
namespace {

std::int64_t read_clock(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::now_ns() const noexcept { return read_clock(CLOCK_MONOTONIC); }

WallTime SystemClock::wall_now() const noexcept { return WallTime(Duration(read_clock(CLOCK_REALTIME))); }

Duration SystemClock::asleep() const noexcept {
  // Read in this order, a moment between the two counts as time awake.
  const std::int64_t boot = read_clock(CLOCK_BOOTTIME);
  const std::int64_t monotonic = read_clock(CLOCK_MONOTONIC);
  return Duration(boot > monotonic ? boot - monotonic : 0);
}

SystemClock& SystemClock::shared() noexcept {
  static SystemClock clock;
  return clock;
}

ManualClock::ManualClock(WallTime wall) noexcept
    : now_(Duration(std::chrono::hours(1)).count()), wall_(wall.time_since_epoch().count()) {}

WallTime ManualClock::default_wall() noexcept {
  return std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);
}

void ManualClock::advance(Duration span) noexcept {
  now_.fetch_add(span.count(), std::memory_order_relaxed);
  wall_.fetch_add(span.count(), std::memory_order_relaxed);
}

void ManualClock::advance_wall(Duration step) noexcept {
  wall_.fetch_add(step.count(), std::memory_order_relaxed);
  wall_changes_.fetch_add(1, std::memory_order_relaxed);
}

void ManualClock::suspend(Duration span) noexcept {
  asleep_.fetch_add(span.count(), std::memory_order_relaxed);
  advance_wall(span);
}

}  // namespace belfry::async
