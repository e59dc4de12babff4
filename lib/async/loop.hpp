// Loop: the one thread on which tasks run. It owns a uv_loop_t, the ready queue, the timers and the living tasks.
//
// A turn: take what other threads posted, fire due timers, run ready work (at most 256 steps or 0.5 ms), then poll for
// I/O; it sleeps there when nothing is ready and wakes for I/O, the earliest timer or another thread, and for nothing
// else. Every member is for the loop's thread unless it says "any thread".
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

#include "async/clock.hpp"
#include "async/complaint.hpp"
#include "async/loop_stats.hpp"
#include "async/ready_queue.hpp"

struct uv_loop_s;

namespace belfry::async {

class Loop;
class TimerHeap;

namespace detail {
class CancelPatrol;
class Complaints;
class Inbox;
class LoopMonitor;
class LoopRunner;
class TaskNode;
class WallTimers;
class Registry;
}  // namespace detail

/// How a loop behaves; every setter returns the options.
class LoopOptions {
 public:
  LoopOptions() = default;

  /// The loop asks this clock and keeps a reference to it. A ManualClock makes it jump instead of sleep.
  LoopOptions& clock(Clock& clock) noexcept { return clock_ = &clock, *this; }
  /// Steps longer than this are slow (default 100 ms).
  LoopOptions& slow_step(Duration threshold) noexcept { return slow_step_ = threshold, *this; }
  /// For tests: shuffles each ready batch, the same way for the same seed, so that nobody relies on the order.
  LoopOptions& shuffle_seed(std::optional<std::uint64_t> seed) noexcept { return shuffle_seed_ = seed, *this; }
  /// How long run() waits, at its end, for tasks that ignore their cancellation; then it destroys their frames. By
  /// default it waits for ever.
  LoopOptions& shutdown_grace(std::optional<Duration> grace) noexcept { return shutdown_grace_ = grace, *this; }
  /// How long a cancelled task may take to end before the loop complains; if nobody owns it, it then also counts as
  /// leaked (default 10 s). Time in shielded() does not count.
  LoopOptions& cancel_grace(Duration grace) noexcept { return cancel_grace_ = grace, *this; }
  /// Whom to tell what is wrong with the tasks (complaint.hpp). By default it is only counted, see LoopStats.
  LoopOptions& on_complaint(ComplaintHook hook) { return on_complaint_ = std::move(hook), *this; }

 private:
  friend class detail::LoopRunner;
  Clock* clock_ = nullptr;
  Duration slow_step_ = std::chrono::milliseconds(100);
  std::optional<std::uint64_t> shuffle_seed_;
  std::optional<Duration> shutdown_grace_;
  Duration cancel_grace_ = std::chrono::seconds(10);
  ComplaintHook on_complaint_;
};

class Loop {
 public:
  /// Throws std::system_error when libuv cannot make a loop.
  explicit Loop(const LoopOptions& options = LoopOptions());
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  /// As close(), but closes forgotten handles by force instead of throwing. REQUIRES: not running.
  ~Loop();

  /// The loop that runs on this thread. Throws std::logic_error outside run().
  static Loop& current() {
    if (current_ == nullptr) [[unlikely]]
      throw_no_loop();
    return *current_;
  }
  static Loop* current_or_null() noexcept { return current_; }

  /// Destroys tasks that never ran and closes the loop for good. Throws std::logic_error naming the handles that their
  /// owners have not closed. REQUIRES: not running.
  void close();

  Clock& clock() const noexcept { return *clock_; }
  /// Monotonic nanoseconds of the clock. Any thread.
  std::int64_t now_ns() const noexcept { return clock_->now_ns(); }
  /// The wall clock. Any thread.
  WallTime wall_now() const noexcept { return clock_->wall_now(); }

  /// Runs the function in the loop's next batch, in order of call. If it throws, run() ends with that exception, after
  /// all tasks have been cancelled and have ended.
  void call_soon(std::move_only_function<void()> function);

  /// The same from any thread. False, and the function is gone, when the loop has closed. Lock-free; calls of one
  /// thread keep their order. REQUIRES: the loop outlives the call; a thread that cannot know that uses a Promise.
  bool call_soon_threadsafe(std::move_only_function<void()> function);

  /// Something outside of the loop is under way that will make it do something (a thread, a child): a manual clock does
  /// not jump meanwhile. Calls are counted. Any thread.
  void external_work_begin() noexcept;
  void external_work_end() noexcept;

  /// Any thread, also while the loop is stuck in a step.
  LoopStats stats() const;
  /// Any thread.
  void set_slow_step(Duration threshold) noexcept;

  /// For lib/io: to put its handles into (see uv_handle.hpp). Null after close().
  uv_loop_s* uv() noexcept;

  // --- for awaiters
  /// What is due by the monotonic clock: LoopTimer nodes only.
  TimerHeap& timers() noexcept { return *timers_; }
  /// What is due by the wall clock; see wall_alarm.hpp.
  detail::WallTimers& wall_timers() noexcept;
  void make_ready(detail::ReadyNode& node) noexcept { ready_->push(node); }
  /// Whether tasks are ready to run: a source of I/O then takes a little and comes back.
  bool busy() const noexcept;
  detail::Registry& registry() const noexcept;
  const std::shared_ptr<detail::Inbox>& inbox() const noexcept;
  detail::Complaints& complaints() const noexcept;
  detail::CancelPatrol& cancel_patrol() const noexcept;
  detail::LoopMonitor& monitor() const noexcept;
  /// The machine itself (loop_runner.hpp), for the few sources that each task and each step pass through.
  detail::LoopRunner& runner() const noexcept { return *runner_; }
  /// The running task; null in a callback.
  detail::TaskNode* running() const noexcept;
  /// An exception that nobody can catch: run() will end with it.
  void callback_failed(std::exception_ptr error) noexcept;
  /// An exception that nobody is left to take; `whose`: "a Promise". Cancelled is none.
  void error_lost(const char* whose, const std::exception_ptr& error) noexcept;
  /// A coroutine that is written there was destroyed before it began.
  void never_awaited(const std::source_location& written_at) noexcept;
  /// Runs until `main` has ended, cancels what is left (shutdown) and waits for it. Called by run().
  void run_until_ended(detail::TaskNode& main);

 private:
  class Current;
  [[noreturn]] static void throw_no_loop();

  static inline constinit thread_local Loop* current_ = nullptr;
  Clock* clock_;
  TimerHeap* timers_;
  detail::ReadyQueue* ready_;
  std::unique_ptr<detail::LoopRunner> runner_;
};

}  // namespace belfry::async
