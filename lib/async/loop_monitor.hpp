// LoopMonitor: times every step and keeps the counters behind LoopStats. Not for use outside lib/async.
//
// The loop thread is the only writer: plain loads and stores of relaxed atomics, no locked instruction. One reading of
// CLOCK_MONOTONIC separates two steps: the end of one is the start of the next. Readers are on any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "async/loop_stats.hpp"

namespace belfry::async::detail {

class TaskNode;

/// A DurationHistogram with one writer.
class AtomicHistogram {
 public:
  void add(std::int64_t nanoseconds) noexcept;
  DurationHistogram snapshot() const noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, DurationHistogram::bounds.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_ = 0;
};

class LoopMonitor {
 public:
  static constexpr std::size_t max_places = 256;

  /// Real monotonic nanoseconds, whatever the loop's clock says.
  static std::int64_t now() noexcept;

  void set_threshold(Duration threshold) noexcept { threshold_.store(threshold.count(), std::memory_order_relaxed); }

  /// A turn begins: the time of the first step is counted from here. Returns now().
  std::int64_t turn_begins() noexcept;
  /// A step begins; `task` is null for a callback.
  void step_begins(const TaskNode* task) noexcept;
  /// The step has ended; returns its duration. `task` as before, it may have ended but must still exist.
  std::int64_t step_ends(const TaskNode* task, const Place& began_at) noexcept;
  std::int64_t last_time() const noexcept { return last_time_; }

  void note_lag(std::int64_t nanoseconds) noexcept { lag_.add(nanoseconds); }

  /// The task that runs now, null outside a step or in a callback.
  const TaskNode* running_task() const noexcept { return running_.load(std::memory_order_acquire); }

  /// Fills in what it knows. REQUIRES: the registry's mutex is held, so that the running task cannot go away.
  void snapshot(LoopStats& stats) const;

 private:
  void note_slow(const TaskNode* task, const Place& place, std::int64_t nanoseconds) noexcept;

  std::atomic<std::int64_t> threshold_ = Duration(std::chrono::milliseconds(100)).count();
  std::int64_t last_time_ = 0;
  std::atomic<const TaskNode*> running_ = nullptr;
  std::atomic<std::int64_t> step_began_ = 0;  // 0: no step runs
  std::atomic<std::uint64_t> iterations_ = 0;
  std::atomic<std::uint64_t> steps_ = 0;
  std::atomic<std::uint64_t> slow_steps_ = 0;
  AtomicHistogram step_time_;
  AtomicHistogram lag_;
  mutable std::mutex slow_mutex_;
  std::vector<SlowPlace> slow_places_;
};

}  // namespace belfry::async::detail
