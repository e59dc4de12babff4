// RwLock: many readers or one writer. Fair: one queue for both, first come, first served; readers who wait side by side
// go in together, and a reader who comes after a waiting writer waits behind it, so writers do not starve.
// Loop thread only. asyncio has none; the rules are those of a Lock (lock.hpp), owners and hand-over included.
//
//   const RwLock::ReadGuard reading = co_await table_lock.read();
//   const RwLock::WriteGuard writing = co_await table_lock.write();
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "async/lock.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {

struct RwLockStats {
  std::size_t readers = 0;  ///< guards held for reading
  bool writer = false;      ///< held for writing
  std::size_t waiting = 0;  ///< tasks in the queue
};

class RwLock {
  enum class Mode : bool { read, write };
  template <Mode mode>
  class Guard;
  template <Mode mode>
  class Acquire;

 public:
  using ReadGuard = Guard<Mode::read>;
  using WriteGuard = Guard<Mode::write>;

  RwLock() noexcept = default;
  RwLock(const RwLock&) = delete;
  RwLock& operator=(const RwLock&) = delete;

  /// Waits until no writer holds it and all who came before have been in. Resumes in the loop's next batch, without a
  /// turn if it is free. What was granted wins over a later cancellation; a cancelled waiter lets those behind it in.
  /// Throws std::logic_error when the task holds it already, for whatever: it could wait for itself for ever, and there
  /// is no upgrade, for which two readers would wait for each other. REQUIRES: the lock outlives the guard.
  [[nodiscard]] Acquire<Mode::read> read() noexcept;
  /// The same until nobody else holds it.
  [[nodiscard]] Acquire<Mode::write> write() noexcept;

  /// If that is possible now without overtaking anybody, else an empty guard.
  [[nodiscard]] ReadGuard try_read();
  [[nodiscard]] WriteGuard try_write() noexcept;

  RwLockStats statistics() const noexcept { return {readers_.size(), writing_, waiters_.size()}; }

 private:
  class Waiting;

  bool take(Mode mode, std::uint64_t task);
  void give_back(Mode mode, std::uint64_t task) noexcept;
  void let_in() noexcept;
  bool held_by(std::uint64_t task) const noexcept;

  std::vector<std::uint64_t> readers_;  // ids of their tasks; 0 stands for a callback
  std::uint64_t writer_ = 0;
  bool writing_ = false;
  detail::WaitQueue waiters_;
};

/// Holds the lock until it is destroyed. Move-only. It belongs to the task that acquired it.
template <RwLock::Mode mode>
class [[nodiscard]] RwLock::Guard {
 public:
  Guard() noexcept = default;
  Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), task_(other.task_) {}
  Guard& operator=(Guard&& other) noexcept {
    std::swap(lock_, other.lock_);
    std::swap(task_, other.task_);
    return *this;
  }
  /// Unlike release() in any task: a destructor cannot complain.
  ~Guard() {
    if (lock_ != nullptr) lock_->give_back(mode, task_);
  }

  /// Gives it back early. Idempotent. Throws NotLockOwner in another task than the one that acquired it.
  void release();
  explicit operator bool() const noexcept { return lock_ != nullptr; }

 private:
  friend class RwLock;
  Guard(RwLock& lock, std::uint64_t task) noexcept : lock_(&lock), task_(task) {}
  RwLock* lock_ = nullptr;
  std::uint64_t task_ = 0;
};

class RwLock::Waiting : public detail::QueuedWaiter {
 public:
  void report(WaitReport& report) const override;

 protected:
  Waiting(RwLock& lock, Mode mode) noexcept
      : QueuedWaiter(mode == Mode::read ? "rwlock.read" : "rwlock.write"), lock_(lock), mode_(mode) {}
  ~Waiting() override { give_up(); }

  std::uint64_t task_id() const noexcept;
  RwLock& lock() const noexcept { return lock_; }
  bool take_grant() noexcept { return std::exchange(granted_, false); }

 private:
  friend class RwLock;
  bool start() override;
  bool abandon() noexcept override {
    give_up();
    return true;
  }
  void give_up() noexcept;

  RwLock& lock_;
  Mode mode_;
  bool queued_ = false;
  bool granted_ = false;
};

template <RwLock::Mode mode>
class [[nodiscard]] RwLock::Acquire final : public Waiting {
 public:
  explicit Acquire(RwLock& lock) noexcept : Waiting(lock, mode) {}
  Guard<mode> await_resume() {
    finish();
    take_grant();
    return Guard<mode>(lock(), task_id());
  }
};

inline RwLock::Acquire<RwLock::Mode::read> RwLock::read() noexcept { return Acquire<Mode::read>(*this); }
inline RwLock::Acquire<RwLock::Mode::write> RwLock::write() noexcept { return Acquire<Mode::write>(*this); }

}  // namespace belfry::async
