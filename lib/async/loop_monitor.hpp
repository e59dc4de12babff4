// LoopMonitor: times every step and keeps the counters behind LoopStats. Not for use outside lib/async.
//
// The loop thread is the only writer: plain loads and stores of relaxed atomics, no locked instruction. One stamp
// (tick_clock.hpp) separates two steps: the end of one is the start of the next. Readers are on any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "async/complaints.hpp"
#include "async/loop_stats.hpp"
#include "async/tick_clock.hpp"

namespace belfry::async::detail {

class TaskNode;

/// One writer: no locked instruction needed.
template <class T>
void bump(std::atomic<T>& counter, T by = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

/// A DurationHistogram with one writer, who counts in ticks (tick_clock.hpp): nothing is converted at each step.
class AtomicHistogram {
 public:
  AtomicHistogram() noexcept;
  void add(std::int64_t ticks) noexcept {
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && ticks > bounds_[bucket]) ++bucket;
    bump(counts_[bucket]);
    bump(sum_, ticks);
  }
  DurationHistogram snapshot() const noexcept;

 private:
  std::array<std::int64_t, DurationHistogram::bounds.size()> bounds_;  // in ticks
  std::array<std::atomic<std::uint64_t>, DurationHistogram::bounds.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_ = 0;  // in ticks
};

/// Sleeps while its loop does.
class LoopWatcher {
 public:
  /// The loop has something to do again. Loop thread.
  virtual void loop_wakes() noexcept = 0;

 protected:
  ~LoopWatcher() = default;
};

class LoopMonitor {
 public:
  static constexpr std::size_t max_places = 256;

  explicit LoopMonitor(Complaints& complaints) noexcept : complaints_(complaints) {}

  void set_threshold(Duration threshold) noexcept;

  /// A turn begins: the time of the first step is counted from here. `slept`: the poll before could sleep; if it could
  /// not, its time was that of libuv's callbacks.
  void turn_begins(bool slept) noexcept;
  /// A libuv callback begins, outside of a turn.
  void io_begins() noexcept;
  void io_ends(const char* what, const std::source_location& place) noexcept;
  /// A step begins; `task` is null for a callback.
  void step_begins(const TaskNode* task) noexcept {
    running_.store(task, std::memory_order_release);
    step_began_.store(last_stamp_, std::memory_order_release);
  }
  /// The step has ended; returns its duration in ticks. `task` as before, it may have ended but must still exist.
  std::int64_t step_ends(const TaskNode* task, std::source_location began_at) noexcept {
    const std::int64_t ticks = end_step();
    bump(steps_);
    step_time_.add(ticks);
    if (is_slow(ticks)) [[unlikely]]
      note_slow(task, "callback", Place(began_at), ticks);
    return ticks;
  }
  /// The end of the last step, in ticks.
  std::int64_t last_stamp() const noexcept { return last_stamp_; }

  void note_lag(std::int64_t ticks) noexcept { lag_.add(ticks); }

  /// The task that runs now, null outside a step or in a callback.
  const TaskNode* running_task() const noexcept { return running_.load(std::memory_order_acquire); }

  /// When the step that runs now began, in ticks; 0: none runs. Any thread.
  std::int64_t step_began() const noexcept { return step_began_.load(std::memory_order_acquire); }

  /// Changes whenever the loop takes a turn. Any thread.
  std::uint64_t activity() const noexcept { return iterations_.load(); }

  /// The loop tells this watcher when it has something to do the next time, once; null: nobody. Any thread; whoever
  /// looks at step_began() and activity() afterwards misses nothing.
  void wake_me(LoopWatcher* watcher) noexcept { watcher_.store(watcher); }

  /// The step that runs now, if any. REQUIRES: as snapshot().
  std::optional<RunningNow> running_now() const;

  /// Fills in what it knows. REQUIRES: a Reading of the registry, so that the running task cannot go away.
  void snapshot(LoopStats& stats) const;

 private:
  std::int64_t end_step() noexcept {
    const std::int64_t ended = TickClock::now();
    const std::int64_t ticks = ended - last_stamp_;
    last_stamp_ = ended;
    step_began_.store(0, std::memory_order_relaxed);
    running_.store(nullptr, std::memory_order_relaxed);
    return ticks > 0 ? ticks : 0;  // the counter of another processor may lag by a few ticks
  }
  bool is_slow(std::int64_t ticks) const noexcept { return ticks > threshold_.load(std::memory_order_relaxed); }
  void wake_watcher() noexcept {
    if (watcher_.load() == nullptr) [[likely]]
      return;
    if (LoopWatcher* const watcher = watcher_.exchange(nullptr)) watcher->loop_wakes();
  }
  void note_slow(const TaskNode* task, const char* what, const Place& place, std::int64_t ticks) noexcept;
  void count_slow(const std::string& name, const std::string& kind, const Place& place, std::int64_t nanoseconds);

  Complaints& complaints_;
  std::atomic<LoopWatcher*> watcher_ = nullptr;
  std::atomic<std::int64_t> threshold_ = 0;  // in ticks; the loop sets it before its first step
  std::int64_t last_stamp_ = 0;
  std::atomic<const TaskNode*> running_ = nullptr;
  std::atomic<std::int64_t> step_began_ = 0;  // in ticks; 0: no step runs
  std::atomic<std::uint64_t> iterations_ = 0;
  std::atomic<std::uint64_t> steps_ = 0;
  AtomicHistogram step_time_;
  AtomicHistogram lag_;
  mutable std::mutex slow_mutex_;
  std::vector<SlowPlace> slow_places_;
};

}  // namespace belfry::async::detail
