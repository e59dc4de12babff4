// WallTimers: what is due by the wall clock, and whether the clock has been set. Not for use outside lib/async; users
// want WallAlarm (wall_alarm.hpp). Loop thread only.
//
// With a real clock there is one timerfd, made for the first WallAlarm and gone with the last; a loop without alarms
// has none and is never woken by it. With a ManualClock there is no timerfd: the loop looks at the clock in each turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "async/clock.hpp"
#include "async/loop_timer.hpp"
#include "async/timer_heap.hpp"
#include "async/wait_queue.hpp"

struct uv_loop_s;

namespace belfry::async::detail {

class TimerFd;

class WallTimers {
 public:
  WallTimers(uv_loop_s* loop, Clock& clock) noexcept;
  WallTimers(const WallTimers&) = delete;
  WallTimers& operator=(const WallTimers&) = delete;
  ~WallTimers();

  /// An alarm exists: the clock is watched from now on. Throws std::system_error.
  void watch();
  void unwatch() noexcept;

  /// Keys are Unix nanoseconds.
  TimerHeap& heap() noexcept { return heap_; }
  std::int64_t next_key() const noexcept { return heap_.next_key(); }
  /// How often the clock was set since the loop began (seen only while somebody watches).
  std::uint64_t clock_changes() const noexcept { return clock_changes_; }

  /// Fires what is due, and says how many that were. In each turn of the loop.
  std::uint64_t fire_due() noexcept;
  /// Before the loop sleeps. True: something happened meanwhile, do not sleep.
  bool arm() noexcept;
  void close() noexcept;

 private:
  void clock_changed() noexcept;

  uv_loop_s* loop_;
  Clock& clock_;
  TimerHeap heap_;
  std::unique_ptr<TimerFd> timer_fd_;
  std::size_t watchers_ = 0;
  std::uint64_t clock_changes_ = 0;
  std::uint64_t manual_changes_ = 0;
};

}  // namespace belfry::async::detail
