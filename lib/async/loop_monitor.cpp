// Counters of the loop; see loop_monitor.hpp.

#include "async/loop_monitor.hpp"

#include <algorithm>
#include <numeric>

#include "async/task_node.hpp"

namespace belfry::async {

std::uint64_t DurationHistogram::count() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

namespace detail {
namespace {

/// One writer: no locked instruction needed.
template <class T>
void bump(std::atomic<T>& counter, T by = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

void AtomicHistogram::add(std::int64_t nanoseconds) noexcept {
  const auto& bounds = DurationHistogram::bounds;
  std::size_t bucket = 0;
  while (bucket < bounds.size() && nanoseconds > bounds[bucket].count()) ++bucket;
  bump(counts_[bucket]);
  bump(sum_, nanoseconds);
}

DurationHistogram AtomicHistogram::snapshot() const noexcept {
  DurationHistogram copy;
  for (std::size_t i = 0; i < counts_.size(); ++i) copy.counts[i] = counts_[i].load(std::memory_order_relaxed);
  copy.sum = Duration(sum_.load(std::memory_order_relaxed));
  return copy;
}

std::int64_t LoopMonitor::now() noexcept { return SystemClock::shared().now_ns(); }

std::int64_t LoopMonitor::turn_begins() noexcept {
  bump(iterations_);
  last_time_ = now();
  return last_time_;
}

void LoopMonitor::step_begins(const TaskNode* task) noexcept {
  running_.store(task, std::memory_order_release);
  step_began_.store(last_time_, std::memory_order_release);
}

std::int64_t LoopMonitor::step_ends(const TaskNode* task, const Place& began_at) noexcept {
  const std::int64_t ended = now();
  const std::int64_t took = ended - last_time_;
  last_time_ = ended;
  step_began_.store(0, std::memory_order_relaxed);
  running_.store(nullptr, std::memory_order_relaxed);
  bump(steps_);
  step_time_.add(took);
  if (took > threshold_.load(std::memory_order_relaxed)) note_slow(task, began_at, took);
  return took;
}

void LoopMonitor::note_slow(const TaskNode* task, const Place& place, std::int64_t nanoseconds) noexcept try {
  bump(slow_steps_);
  const std::string_view name = task == nullptr ? "callback" : std::string_view(task->name);
  const std::scoped_lock lock(slow_mutex_);
  auto entry = std::find_if(slow_places_.begin(), slow_places_.end(),
                            [&](const SlowPlace& slow) { return slow.place == place && slow.task == name; });
  if (entry == slow_places_.end()) {
    if (slow_places_.size() < max_places - 1) {
      const std::string kind = task == nullptr ? "callback" : task->kind->name();
      slow_places_.push_back(SlowPlace{.place = place, .task = std::string(name), .kind = kind});
    } else if (slow_places_.size() < max_places) {
      slow_places_.push_back({.place = {}, .task = "other", .kind = "other"});
    }
    entry = std::prev(slow_places_.end());
  }
  ++entry->count;
  entry->total += Duration(nanoseconds);
  entry->longest = std::max(entry->longest, Duration(nanoseconds));
} catch (const std::bad_alloc&) {
  // the step is in slow_steps_; its place is lost for want of memory
}

void LoopMonitor::snapshot(LoopStats& stats) const {
  stats.iterations = iterations_.load(std::memory_order_relaxed);
  stats.steps = steps_.load(std::memory_order_relaxed);
  stats.step_time = step_time_.snapshot();
  stats.lag = lag_.snapshot();
  stats.slow_steps = slow_steps_.load(std::memory_order_relaxed);
  const std::int64_t began = step_began_.load(std::memory_order_acquire);
  if (began != 0) {
    RunningNow running;
    running.task = running.kind = "callback";
    running.elapsed = Duration(now() - began);
    if (const TaskNode* task = running_.load(std::memory_order_acquire); task != nullptr) {
      running.task_id = task->id;
      running.task = task->name;
      running.kind = task->kind->name();
      running.place = Place(task->place.load(std::memory_order_relaxed));
    }
    stats.running = std::move(running);
  }
  const std::scoped_lock lock(slow_mutex_);
  stats.slow_places = slow_places_;
}

}  // namespace detail
}  // namespace belfry::async
