// sleep(), sleep_until(), yield(): letting time, or the others, pass.
#pragma once

#include <cstdint>

#include "async/clock.hpp"
#include "async/loop_timer.hpp"
#include "async/waiter.hpp"

namespace belfry::async {

/// What sleep() returns: to be awaited, once.
class [[nodiscard]] SleepAwaiter final : public Waiter, private detail::LoopTimer {
 public:
  SleepAwaiter(std::int64_t nanoseconds, bool relative) noexcept
      : Waiter("sleep"), relative_(relative), deadline_(nanoseconds) {}
  void await_resume() const { finish(); }

 private:
  bool start() override;
  bool abandon() noexcept override {
    LoopTimer::cancel();
    return true;
  }
  void fire() noexcept override { complete(); }

  bool relative_;
  std::int64_t deadline_;
};

/// What yield() returns.
class [[nodiscard]] YieldAwaiter final : public Waiter {
 public:
  YieldAwaiter() noexcept : Waiter("yield") {}
  void await_resume() const { finish(); }

 private:
  bool start() override;
  bool abandon() noexcept override { return true; }
};

/// Resumes after at least this long, never early; at once, but through the ready queue, when span <= 0. The time runs
/// from the await. Cancellation takes the timer out of the heap.
inline SleepAwaiter sleep(Duration span) noexcept { return {span.count(), true}; }

/// Resumes at this monotonic instant (Loop::now_ns) or later, never early. An instant that has passed is a yield().
inline SleepAwaiter sleep_until(std::int64_t monotonic_ns) noexcept { return {monotonic_ns, false}; }

/// Lets all that is ready run first. A cancellation point.
inline YieldAwaiter yield() noexcept { return {}; }

}  // namespace belfry::async
