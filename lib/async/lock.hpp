// Lock: one task at a time, first come, first served. As asyncio.Lock, with a guard for `async with` and an owner: a
// task that waits for itself, or that gives back what another one took, is told so. Loop thread only.
//
//   const Lock::Guard guard = co_await lock.acquire();
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "async/wait_queue.hpp"

namespace belfry::async {

/// A task used a lock that it does not hold. what() names both tasks and says what to do instead.
class NotLockOwner : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class Lock {
 public:
  class Guard;
  class AcquireAwaiter;

  Lock() noexcept = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// The lock, when all who came before have had it: it is handed from task to task and nobody overtakes. Resumes in
  /// the loop's next batch, without a turn if it was free. A lock that was granted wins over a later cancellation.
  /// Throws std::logic_error when the task holds it already, as it would wait for itself for ever.
  /// REQUIRES: the lock outlives the guard.
  [[nodiscard]] AcquireAwaiter acquire() noexcept;

  /// The lock if it is free now, else an empty guard.
  [[nodiscard]] Guard try_acquire() noexcept;

  bool locked() const noexcept { return locked_; }
  /// The id of the task that holds it; 0 when it is free, or was taken by a callback.
  std::uint64_t owner() const noexcept { return owner_; }
  /// How many tasks wait.
  std::size_t waiters() const noexcept { return waiters_.size(); }

 private:
  friend class Condition;
  bool take(std::uint64_t task) noexcept;
  void give_back() noexcept;
  void check_owner(const char* action) const;

  std::uint64_t owner_ = 0;
  bool locked_ = false;
  detail::WaitQueue waiters_;
};

/// Holds the lock until it is destroyed. Move-only. It belongs to the task that acquired it.
class [[nodiscard]] Lock::Guard {
 public:
  Guard() noexcept = default;
  Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  Guard& operator=(Guard&& other) noexcept {
    std::swap(lock_, other.lock_);
    return *this;
  }
  /// Gives the lock to the task that waits longest. Unlike release() in any task: a destructor cannot complain.
  ~Guard() {
    if (lock_ != nullptr) lock_->give_back();
  }

  /// Gives it back early. Idempotent. Throws NotLockOwner in another task than the one that acquired it.
  void release() {
    if (lock_ == nullptr) return;
    lock_->check_owner("release");
    std::exchange(lock_, nullptr)->give_back();
  }
  explicit operator bool() const noexcept { return lock_ != nullptr; }

 private:
  friend class Lock;
  friend class Condition;
  explicit Guard(Lock& lock) noexcept : lock_(&lock) {}
  Lock* lock_ = nullptr;
};

class [[nodiscard]] Lock::AcquireAwaiter final : public detail::QueuedWaiter {
 public:
  explicit AcquireAwaiter(Lock& lock, Cancellable cancellable = Cancellable::yes) noexcept
      : QueuedWaiter("lock", cancellable), lock_(lock) {}
  /// A lock that nobody takes any more, because the frame is destroyed, is handed on.
  ~AcquireAwaiter() override = default;
  Guard await_resume() {
    finish();
    return std::move(granted_);
  }
  void report(WaitReport& report) const override;

 private:
  friend class Lock;
  friend class Condition;
  bool start() override;
  /// As acquire(), and deaf to cancellation.
  static AcquireAwaiter deaf(Lock& lock) noexcept { return AcquireAwaiter(lock, Cancellable::no); }

  Lock& lock_;
  Guard granted_;
};

inline Lock::AcquireAwaiter Lock::acquire() noexcept { return AcquireAwaiter(*this); }

}  // namespace belfry::async
