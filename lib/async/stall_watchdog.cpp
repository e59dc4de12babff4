// See stall_watchdog.hpp.

#include "async/stall_watchdog.hpp"

#include <algorithm>
#include <stdexcept>

#include "async/complaints.hpp"
#include "async/no_signals.hpp"
#include "async/registry.hpp"
#include "async/thread_backtrace.hpp"

namespace belfry::async {

StallWatchdog::StallWatchdog(Duration threshold)
    : loop_(Loop::current()),
      monitor_(loop_.monitor()),
      threshold_(std::max(threshold, Duration(std::chrono::milliseconds(1)))),
      loop_thread_(pthread_self()) {
  detail::handle_backtrace_signal(signal);
  const NoSignals quiet;
  thread_ = std::thread([this] { watch(); });
}

StallWatchdog::~StallWatchdog() {
  monitor_.wake_me(nullptr);
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
  monitor_.wake_me(nullptr);
}

void StallWatchdog::loop_wakes() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    loop_woke_ = true;
  }
  changed_.notify_one();
}

void StallWatchdog::watch() noexcept {
  pthread_setname_np(pthread_self(), "stall-watchdog");
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::uint64_t seen = monitor_.activity();
    changed_.wait_for(lock, threshold_ / 2, [&] { return stop_; });
    if (stop_) return;
    if (stalled()) {
      lock.unlock();
      complain();
      lock.lock();
    } else if (monitor_.step_began() == 0 && monitor_.activity() == seen) {
      wait_for_activity(lock);
    }
  }
}

/// Until the loop has something to do again. It tells a sleeping watcher only, and only once.
void StallWatchdog::wait_for_activity(std::unique_lock<std::mutex>& lock) {
  loop_woke_ = false;
  const std::uint64_t seen = monitor_.activity();
  monitor_.wake_me(this);
  if (monitor_.step_began() != 0 || monitor_.activity() != seen) return;  // it did meanwhile
  changed_.wait(lock, [&] { return stop_ || loop_woke_; });
}

bool StallWatchdog::stalled() const noexcept {
  const std::int64_t began = monitor_.step_began();
  return began != 0 && began != reported_ &&
         detail::TickClock::to_ns(detail::TickClock::now() - began) > threshold_.count();
}

void StallWatchdog::complain() noexcept {
  reported_ = monitor_.step_began();
  std::optional<RunningNow> running;
  {
    const detail::Registry::Reading reading(loop_.registry());
    running = monitor_.running_now();
  }
  const Backtrace trace = detail::backtrace_of(loop_thread_, signal);
  if (!running) return;  // it has just ended
  loop_.complaints().add(ComplaintKind::stalled, [&] {
    Complaint complaint;
    complaint.task_id = running->task_id;
    complaint.task = running->task;
    complaint.task_kind = running->kind;
    complaint.place = running->place;
    complaint.lasted = running->elapsed;
    complaint.backtrace = trace;
    return complaint;
  });
}

}  // namespace belfry::async
