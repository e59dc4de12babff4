// StallWatchdog: a thread that notices when a step holds its loop for too long, while it lasts, and says where.
//
//   StallWatchdog watchdog;                       // in the main task, for as long as the loop is to be watched
//
// Once for each stall it interrupts the loop's thread for a moment, takes its backtrace and complains (`stalled`, see
// complaint.hpp) on its own thread, where the hook may take its time and make the backtrace readable. While the loop
// sleeps the watchdog does too: an idle program is woken by neither.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <thread>

#include "async/backtrace.hpp"
#include "async/loop.hpp"
#include "async/loop_monitor.hpp"

namespace belfry::async {

class StallWatchdog final : private detail::LoopWatcher {
 public:
  /// What interrupts the loop's thread. Ignored by default, so a stray one does no harm; a program that needs it for
  /// itself cannot have a watchdog. System calls are restarted where the kernel does that (signal(7)).
  static constexpr int signal = SIGURG;

  /// Watches the loop that runs on this thread. A step that takes longer than `threshold` (>= 1 ms) is a stall; it is
  /// seen within one and a half times that. Throws std::system_error when no thread can be started, std::logic_error
  /// outside of a loop. REQUIRES: the only watchdog of its loop.
  explicit StallWatchdog(Duration threshold = std::chrono::milliseconds(100));
  StallWatchdog(const StallWatchdog&) = delete;
  StallWatchdog& operator=(const StallWatchdog&) = delete;
  /// On the same thread, while the loop lives. Waits for a hook that is being called.
  ~StallWatchdog();

 private:
  void loop_wakes() noexcept override;
  void watch() noexcept;
  void wait_for_activity(std::unique_lock<std::mutex>& lock);
  bool stalled() const noexcept;
  void complain() noexcept;

  Loop& loop_;
  detail::LoopMonitor& monitor_;
  Duration threshold_;
  pthread_t loop_thread_;
  std::int64_t reported_ = 0;  // when the step began of which it has complained
  std::mutex mutex_;
  std::condition_variable changed_;
  bool loop_woke_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace belfry::async
