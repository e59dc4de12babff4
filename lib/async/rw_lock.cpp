// See rw_lock.hpp.

#include "async/rw_lock.hpp"

#include <algorithm>
#include <string>

#include "async/running_task.hpp"
#include "async/task_node.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

std::uint64_t RwLock::Waiting::task_id() const noexcept { return task().id; }

bool RwLock::Waiting::start() {
  if (lock_.held_by(task().id)) {
    throw std::logic_error(detail::describe_running_task() +
                           " holds this RwLock already and could wait for itself for ever; release the first guard, "
                           "or take it for writing from the start");
  }
  // Room for its own id and for all that let_in() may add: granting must not fail.
  lock_.readers_.reserve(lock_.readers_.size() + lock_.waiters_.size() + 1);
  if (lock_.waiters_.empty() && lock_.take(mode_, task().id)) {
    granted_ = true;
    return false;
  }
  lock_.waiters_.push(*this);
  queued_ = true;
  return true;
}

// Out of the queue, and what it was granted goes back: either may let others in.
void RwLock::Waiting::give_up() noexcept {
  if (std::exchange(granted_, false)) {
    lock_.give_back(mode_, task().id);
  } else if (std::exchange(queued_, false)) {
    leave();
    lock_.let_in();
  }
}

// A reader may also wait behind a writer who waits: then that one can end it, and nobody else.
void RwLock::Waiting::report(WaitReport& report) const {
  report.object(&lock_);
  if (lock_.waiters_.first() != this) {
    report.any_of(static_cast<const Waiting&>(*lock_.waiters_.first()).task_id());
  } else if (lock_.writing_) {
    report.any_of(lock_.writer_);
  } else {
    for (const std::uint64_t reader : lock_.readers_) report.all_of(reader);
  }
}

RwLock::ReadGuard RwLock::try_read() {
  const std::uint64_t task = detail::running_task_id();
  return waiters_.empty() && take(Mode::read, task) ? ReadGuard(*this, task) : ReadGuard();
}

RwLock::WriteGuard RwLock::try_write() noexcept {
  const std::uint64_t task = detail::running_task_id();
  return waiters_.empty() && take(Mode::write, task) ? WriteGuard(*this, task) : WriteGuard();
}

bool RwLock::take(Mode mode, std::uint64_t task) {
  if (writing_) return false;
  if (mode == Mode::read) {
    readers_.push_back(task);
    return true;
  }
  if (!readers_.empty()) return false;
  writing_ = true;
  writer_ = task;
  return true;
}

void RwLock::give_back(Mode mode, std::uint64_t task) noexcept {
  if (mode == Mode::write) {
    writing_ = false;
    writer_ = 0;
  } else {
    std::swap(*std::ranges::find(readers_, task), readers_.back());
    readers_.pop_back();
  }
  let_in();
}

void RwLock::let_in() noexcept {
  while (!waiters_.empty()) {
    auto& first = static_cast<Waiting&>(*waiters_.first());
    if (!take(first.mode_, first.task_id())) return;
    first.queued_ = false;
    first.granted_ = true;
    first.serve();
  }
}

bool RwLock::held_by(std::uint64_t task) const noexcept {
  return writing_ ? writer_ == task : std::ranges::find(readers_, task) != readers_.end();
}

template <RwLock::Mode mode>
void RwLock::Guard<mode>::release() {
  if (lock_ == nullptr) return;
  if (task_ != detail::running_task_id()) {
    throw NotLockOwner("release: " + detail::describe_running_task() + " does not hold this RwLock, task " +
                       std::to_string(task_) + " does; keep the guard in the task that acquired it");
  }
  std::exchange(lock_, nullptr)->give_back(mode, task_);
}

template class RwLock::Guard<RwLock::Mode::read>;
template class RwLock::Guard<RwLock::Mode::write>;

}  // namespace belfry::async
