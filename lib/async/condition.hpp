// Condition: waits until something that a Lock guards has become true. As asyncio.Condition, on a Lock that the caller
// names; several conditions may share one. Loop thread only.
//
//   Lock::Guard guard = co_await lock.acquire();
//   co_await has_room.wait_for(guard, [&] { return used < size; });
//   ++used;
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

#include "async/lock.hpp"
#include "async/task.hpp"

namespace belfry::async {

class Condition {
 public:
  /// REQUIRES: the lock outlives the condition.
  explicit Condition(Lock& lock) noexcept : lock_(lock) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Gives the lock back, waits for a notify(), and returns with the lock held again in `guard`: also when it throws
  /// Cancelled, for which it may thus have to wait until others let go of the lock. A notification that came before the
  /// cancellation wins over it. Throws NotLockOwner when the guard is not this task's hold of this condition's lock.
  /// REQUIRES: guard and condition outlive the await.
  Task<> wait(Lock::Guard& guard);

  /// Waits until predicate() is true and returns its value; not at all if it is true already. It is called with the
  /// lock held, after each notification. Throws as wait(), and what the predicate throws.
  template <class Predicate>
  Task<std::invoke_result_t<Predicate&>> wait_for(Lock::Guard& guard, Predicate predicate);

  /// Wakes the `count` tasks that wait longest, or all if there are fewer; without a waiter it is lost. They go on
  /// when the lock is given back, in order. Throws NotLockOwner unless the running task holds the lock.
  void notify(std::size_t count = 1);
  void notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

  /// How many tasks wait for a notification.
  std::size_t waiters() const noexcept { return waiters_.size(); }

 private:
  class Parked;
  void wake(std::size_t count) noexcept;
  void check_guard(const Lock::Guard& guard) const;

  Lock& lock_;
  detail::WaitQueue waiters_;
};

template <class Predicate>
Task<std::invoke_result_t<Predicate&>> Condition::wait_for(Lock::Guard& guard, Predicate predicate) {
  check_guard(guard);
  for (;;) {
    std::invoke_result_t<Predicate&> value = predicate();
    if (value) co_return value;
    co_await wait(guard);
  }
}

}  // namespace belfry::async
