// See wall_timers.hpp.

#include "async/wall_timers.hpp"

#include "async/timer_fd.hpp"

namespace belfry::async::detail {

WallTimers::WallTimers(uv_loop_s* loop, Clock& clock) noexcept : loop_(loop), clock_(clock) {
  if (const ManualClock* manual = clock.manual(); manual != nullptr) manual_changes_ = manual->wall_changes();
}

WallTimers::~WallTimers() = default;

void WallTimers::watch() {
  if (watchers_ == 0 && clock_.manual() == nullptr) {
    timer_fd_ = std::make_unique<TimerFd>(loop_, TimerFd::Kind::wall, [this](bool changed) {
      if (changed) clock_changed();
    });
    timer_fd_->arm(TimerHeap::never);  // the watch begins here: a change before the first sleep is seen
  }
  ++watchers_;
}

void WallTimers::unwatch() noexcept {
  if (--watchers_ == 0) timer_fd_.reset();
}

void WallTimers::clock_changed() noexcept {
  ++clock_changes_;
  while (TimerNode* const node = heap_.pop()) static_cast<LoopTimer*>(node)->fire();  // each looks at clock_changes()
}

std::uint64_t WallTimers::fire_due() noexcept {
  if (const ManualClock* manual = clock_.manual(); manual != nullptr && manual->wall_changes() != manual_changes_) {
    manual_changes_ = manual->wall_changes();
    clock_changed();
  }
  std::uint64_t fired = 0;
  if (heap_.empty()) return fired;
  const std::int64_t now = clock_.wall_now().time_since_epoch().count();
  while (TimerNode* const node = heap_.pop_due(now)) {
    static_cast<LoopTimer*>(node)->fire();
    ++fired;
  }
  return fired;
}

bool WallTimers::arm() noexcept {
  if (!timer_fd_ || !timer_fd_->arm(heap_.next_key())) return false;
  clock_changed();
  return true;
}

void WallTimers::close() noexcept { timer_fd_.reset(); }

}  // namespace belfry::async::detail
