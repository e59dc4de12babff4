// LoopRunner: the turns of a Loop on libuv. Not for use outside lib/async; loop.hpp holds the contracts.
//
//   uv_run: ... idle -> prepare -> poll (sleeps only while idle_ is stopped) -> check = turn() -> closing -> ...
//
// turn() does all the work of the loop, so coroutines run in one place only: I/O callbacks, timers and other threads
// merely make tasks ready. There is no periodic timer: an idle loop sleeps until its earliest deadline.
#pragma once

#include <uv.h>

#include <atomic>
#include <optional>
#include <random>

#include "async/cancel_patrol.hpp"
#include "async/complaints.hpp"
#include "async/inbox.hpp"
#include "async/loop.hpp"
#include "async/loop_monitor.hpp"
#include "async/loop_timer.hpp"
#include "async/ready_queue.hpp"
#include "async/registry.hpp"
#include "async/timer_fd.hpp"
#include "async/timer_heap.hpp"
#include "async/uv_handle.hpp"
#include "async/wall_timers.hpp"

namespace belfry::async::detail {

/// A uv_loop_t that is initialised and closed.
class UvLoop {
 public:
  UvLoop();
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;
  ~UvLoop() = default;
  uv_loop_t* get() noexcept { return &loop_; }
  /// For how long it has slept in its polls, in nanoseconds. Any thread.
  std::uint64_t idle_ns() const noexcept { return uv_metrics_idle_time(&loop_); }
  /// Lets closing handles finish and closes; false when handles are open.
  bool close() noexcept;

 private:
  mutable uv_loop_t loop_;  // libuv knows no const
};

class LoopRunner {
 public:
  explicit LoopRunner(const LoopOptions& options);
  LoopRunner(const LoopRunner&) = delete;
  LoopRunner& operator=(const LoopRunner&) = delete;
  ~LoopRunner() = default;

  /// What LoopOptions says, resolved.
  static Clock& clock_of(const LoopOptions& options) noexcept {
    return options.clock_ != nullptr ? *options.clock_ : SystemClock::shared();
  }

  void run(TaskNode& main);
  /// Throws std::logic_error naming the open handles, unless `force`.
  void close(bool force);
  LoopStats stats() const;
  bool busy() const noexcept { return !ready.empty() || !batch_.empty(); }
  /// Counts an await that did not have to wait; true when the task has had enough of them in this step.
  bool spend_fairness() noexcept { return --fairness_left <= 0; }
  /// The time of the clock in the step that runs: asked for once in each. A manual clock may be moved within one.
  std::int64_t step_began_ns() noexcept {
    if (manual_ != nullptr || step_seen_ != monitor.last_stamp()) {
      step_seen_ = monitor.last_stamp();
      step_began_ns_ = clock_.now_ns();
    }
    return step_began_ns_;
  }

  static constexpr int fairness = 128;                 // awaits without waiting in one step
  static constexpr int turn_steps = 256;               // steps of a turn: what a poll costs is shared by so many
  static constexpr std::int64_t turn_limit = 500'000;  // nanoseconds of steps before I/O is polled

  // --- used by Loop
  ReadyQueue ready;
  TimerHeap timers;
  Complaints complaints;
  LoopMonitor monitor;
  Registry registry;
  CancelPatrol cancel_patrol;
  std::shared_ptr<Inbox> inbox;
  std::optional<WallTimers> wall_timers;
  std::atomic<std::int64_t> external_work = 0;
  std::exception_ptr failure;
  int fairness_left = fairness;
  bool running = false;
  UvLoop uv;
  bool closed = false;

 private:
  class GraceTimer final : public LoopTimer {
   public:
    explicit GraceTimer(LoopRunner& runner) noexcept : runner_(runner) {}
    void fire() noexcept override { runner_.destroy_tasks(); }

   private:
    LoopRunner& runner_;
  };

  void open_handles();
  void turn() noexcept;
  void fire_timers() noexcept;
  void patrol() noexcept;
  void run_ready() noexcept;
  void run_one(ReadyNode& node) noexcept;
  void next_batch() noexcept;
  void shuffle_batch();
  void check_end() noexcept;
  void cancel_tasks() const noexcept;
  void destroy_tasks() noexcept;
  void plan_poll() noexcept;
  bool something_to_do() const noexcept;
  bool jump() noexcept;
  void poll_without_sleep(bool on) noexcept;

  Clock& clock_;
  ManualClock* manual_;
  LoopOptions options_;
  std::optional<std::mt19937_64> random_;
  UvHandle<uv_check_t> check_;
  UvHandle<uv_idle_t> idle_;
  UvHandle<uv_async_t> wakeup_;
  std::optional<TimerFd> timer_fd_;
  ReadyQueue batch_;
  TaskNode* main_ = nullptr;
  GraceTimer grace_timer_{*this};
  std::int64_t turn_ticks_ = TickClock::from_ns(turn_limit);
  std::int64_t step_seen_ = 0;  // the stamp with which the step began that asked for the time
  std::int64_t step_began_ns_ = 0;
  int steps_this_turn_ = 0;
  bool idle_on_ = false;  // the next poll does not sleep
  bool ending_ = false;
  std::atomic<std::size_t> timer_count_ = 0;
  std::atomic<std::size_t> wall_timer_count_ = 0;
  std::atomic<std::uint64_t> timers_fired_ = 0;
};

}  // namespace belfry::async::detail
