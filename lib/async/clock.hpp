// What time is it? The loop asks a Clock, so that a test can answer: SystemClock in production, ManualClock in tests.
//
// Two times: monotonic nanoseconds (delays, timeouts) and the wall clock (slots). Only the wall clock can be set.
// now_ns() and wall_now() may be called from any thread; a ManualClock is moved by the thread of its loop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace belfry::async {

/// A span, in nanoseconds.
using Duration = std::chrono::nanoseconds;

/// An instant of the wall clock, in nanoseconds of Unix time.
using WallTime = std::chrono::sys_time<Duration>;

class ManualClock;

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Monotonic nanoseconds since a fixed but unspecified instant. Never goes back. Any thread.
  virtual std::int64_t now_ns() const noexcept = 0;

  /// The wall clock; it jumps when it is set. Any thread.
  virtual WallTime wall_now() const noexcept = 0;

  /// How long the machine has been suspended since it booted: time that now_ns() does not count. Any thread.
  virtual Duration asleep() const noexcept { return Duration::zero(); }

  /// Itself as the clock of a test, else null: the loop then jumps instead of sleeping.
  virtual ManualClock* manual() noexcept { return nullptr; }
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME, and CLOCK_BOOTTIME for the time asleep (clock_gettime(2)).
class SystemClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override;
  WallTime wall_now() const noexcept override;
  Duration asleep() const noexcept override;

  /// The one that every loop uses by default.
  static SystemClock& shared() noexcept;
};

/// Time that only moves when told to, or, by default, when the loop has nothing else left to do: it then jumps to the
/// next deadline of either kind (autojump), so a test that sleeps a day takes no time.
class ManualClock final : public Clock {
 public:
  /// Starts at this wall time; the monotonic time starts at an hour.
  explicit ManualClock(WallTime wall = default_wall()) noexcept;

  std::int64_t now_ns() const noexcept override { return now_.load(std::memory_order_relaxed); }
  WallTime wall_now() const noexcept override { return WallTime(Duration(wall_.load(std::memory_order_relaxed))); }
  ManualClock* manual() noexcept override { return this; }

  /// Time passes: both times move forward. What became due runs in the loop's next turn, not within this call.
  /// REQUIRES: span >= 0.
  void advance(Duration span) noexcept;

  /// Somebody sets the wall clock, by this much forward or (negative) back. Whoever waits on it sees `clock_changed`.
  void advance_wall(Duration step) noexcept;

  /// The machine sleeps for that long: the wall clock goes on, monotonic time does not. Whoever waits on the wall clock
  /// sees `clock_changed`. REQUIRES: span >= 0.
  void suspend(Duration span) noexcept;
  Duration asleep() const noexcept override { return Duration(asleep_.load(std::memory_order_relaxed)); }

  /// How often advance_wall() or suspend() was called.
  std::uint64_t wall_changes() const noexcept { return wall_changes_.load(std::memory_order_relaxed); }

  bool autojump() const noexcept { return autojump_; }
  void set_autojump(bool on) noexcept { autojump_ = on; }

 private:
  static WallTime default_wall() noexcept;  // 2026-01-01 12:00 UTC

  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> asleep_ = 0;
  std::atomic<std::uint64_t> wall_changes_ = 0;
  bool autojump_ = true;
};

}  // namespace belfry::async
