// See lock.hpp.

#include "async/lock.hpp"

#include <string>

#include "async/running_task.hpp"
#include "async/task_node.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

bool Lock::AcquireAwaiter::start() {
  if (lock_.take(task().id)) {
    granted_ = Guard(lock_);
    return false;
  }
  if (lock_.owner_ == task().id) {
    throw std::logic_error(detail::describe_running_task() +
                           " holds this Lock already and would wait for itself for ever; pass its guard on instead");
  }
  lock_.waiters_.push(*this);
  return true;
}

void Lock::AcquireAwaiter::report(WaitReport& report) const { report.object(&lock_).any_of(lock_.owner_); }

Lock::Guard Lock::try_acquire() noexcept { return take(detail::running_task_id()) ? Guard(*this) : Guard(); }

bool Lock::take(std::uint64_t task) noexcept {
  if (locked_) return false;  // while somebody waits it is never free: nobody overtakes
  locked_ = true;
  owner_ = task;
  return true;
}

void Lock::give_back() noexcept {
  auto* const next = static_cast<AcquireAwaiter*>(waiters_.first());
  if (next == nullptr) {
    locked_ = false;
    owner_ = 0;
    return;
  }
  owner_ = next->task().id;
  next->granted_ = Guard(*this);
  next->serve();
}

void Lock::check_owner(const char* action) const {
  if (locked_ && owner_ == detail::running_task_id()) return;
  std::string holder = "nobody holds it";
  if (locked_) holder = owner_ != 0 ? "task " + std::to_string(owner_) + " does" : "a callback does";
  throw NotLockOwner(std::string(action) + ": " + detail::describe_running_task() + " does not hold this Lock, " +
                     holder + "; keep the guard in the task that acquired it, and signal others with an Event");
}

}  // namespace belfry::async
