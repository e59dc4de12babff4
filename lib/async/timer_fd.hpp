// TimerFd: one kernel timer with an absolute deadline, watched by the loop (timerfd_create(2) through uv_poll).
// Not for use outside lib/async; loop thread only.
#pragma once

#include <cstdint>
#include <functional>

#include "async/uv_handle.hpp"

namespace belfry::async::detail {

class TimerFd {
 public:
  enum class Kind : bool { monotonic, wall };

  /// `expired(clock_changed)` is called in the poll phase. A wall timer also expires, with clock_changed, when the wall
  /// clock is set or the machine resumes (TFD_TIMER_CANCEL_ON_SET). Throws std::system_error.
  TimerFd(uv_loop_t* loop, Kind kind, std::move_only_function<void(bool clock_changed)> expired);
  TimerFd(const TimerFd&) = delete;
  TimerFd& operator=(const TimerFd&) = delete;
  ~TimerFd();

  /// Expires at this instant of its clock, once; TimerHeap::never: a monotonic timer is disarmed, a wall timer waits
  /// for changes of the clock only. No system call if it is armed so already. True: the clock changed just now.
  bool arm(std::int64_t deadline_ns) noexcept;

 private:
  void read() noexcept;

  std::move_only_function<void(bool)> expired_;
  Kind kind_;
  int fd_;
  std::int64_t armed_;
  UvHandle<uv_poll_t> poll_;
};

}  // namespace belfry::async::detail
