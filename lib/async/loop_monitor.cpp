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

AtomicHistogram::AtomicHistogram() noexcept {
  std::ranges::transform(DurationHistogram::bounds, bounds_.begin(),
                         [](Duration bound) { return TickClock::from_ns(bound.count()); });
}

DurationHistogram AtomicHistogram::snapshot() const noexcept {
  DurationHistogram copy;
  for (std::size_t i = 0; i < counts_.size(); ++i) copy.counts[i] = counts_[i].load(std::memory_order_relaxed);
  copy.sum = Duration(TickClock::to_ns(sum_.load(std::memory_order_relaxed)));
  return copy;
}

void LoopMonitor::set_threshold(Duration threshold) noexcept {
  constexpr Duration a_year = std::chrono::years(1);  // more ticks may not fit
  threshold_.store(TickClock::from_ns(std::min(threshold, a_year).count()), std::memory_order_relaxed);
}

void LoopMonitor::turn_begins(bool slept) noexcept {
  iterations_.store(iterations_.load(std::memory_order_relaxed) + 1);  // sequentially, before the look at the watcher
  wake_watcher();
  const std::int64_t now = TickClock::now();
  if (!slept && last_stamp_ != 0) {
    if (is_slow(now - last_stamp_)) note_slow(nullptr, "libuv", Place(), now - last_stamp_);
  }
  last_stamp_ = now;
}

void LoopMonitor::io_begins() noexcept {
  last_stamp_ = TickClock::now();
  running_.store(nullptr, std::memory_order_relaxed);
  step_began_.store(last_stamp_);  // sequentially, as above
  wake_watcher();
}

void LoopMonitor::io_ends(const char* what, const std::source_location& place) noexcept {
  const std::int64_t took = end_step();
  if (is_slow(took)) note_slow(nullptr, what, Place(place), took);
}

void LoopMonitor::note_slow(const TaskNode* task, const char* what, const Place& place, std::int64_t ticks) noexcept {
  const std::int64_t nanoseconds = TickClock::to_ns(ticks);
  try {
    const std::string name = task == nullptr ? what : task->name();
    count_slow(name, task == nullptr ? "callback" : task->kind().name(), place, nanoseconds);
  } catch (const std::bad_alloc&) {
    // it is counted below; its place is lost for want of memory
  }
  complaints_.add(ComplaintKind::slow_step, [&] {
    Complaint complaint = task != nullptr ? about(*task, {}) : Complaint();
    if (task == nullptr) complaint.task = what;
    complaint.place = place;
    complaint.lasted = Duration(nanoseconds);
    return complaint;
  });
}

void LoopMonitor::count_slow(const std::string& name, const std::string& kind, const Place& place,
                             std::int64_t nanoseconds) {
  const std::scoped_lock lock(slow_mutex_);
  auto entry = std::ranges::find_if(slow_places_,
                                    [&](const SlowPlace& slow) { return slow.place == place && slow.task == name; });
  if (entry == slow_places_.end()) {
    if (slow_places_.size() < max_places - 1) {
      slow_places_.push_back(SlowPlace{.place = place, .task = name, .kind = kind});
    } else if (slow_places_.size() < max_places) {
      slow_places_.push_back({.place = {}, .task = "other", .kind = "other"});
    }
    entry = std::prev(slow_places_.end());
  }
  ++entry->count;
  entry->total += Duration(nanoseconds);
  entry->longest = std::max(entry->longest, Duration(nanoseconds));
}

std::optional<RunningNow> LoopMonitor::running_now() const {
  const std::int64_t began = step_began();
  if (began == 0) return std::nullopt;
  RunningNow running;
  running.task = running.kind = "callback";
  running.elapsed = Duration(TickClock::to_ns(TickClock::now() - began));
  if (const TaskNode* task = running_task(); task != nullptr) {
    running.task_id = task->id;
    running.task = task->name();
    running.kind = task->kind().name();
    running.place = Place(task->place.load(std::memory_order_relaxed));
  }
  return running;
}

void LoopMonitor::snapshot(LoopStats& stats) const {
  stats.iterations = iterations_.load(std::memory_order_relaxed);
  stats.steps = steps_.load(std::memory_order_relaxed);
  stats.step_time = step_time_.snapshot();
  stats.lag = lag_.snapshot();
  stats.running = running_now();
  const std::scoped_lock lock(slow_mutex_);
  stats.slow_places = slow_places_;
}

}  // namespace detail
}  // namespace belfry::async
