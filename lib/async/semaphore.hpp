// Semaphore: at most so many at a time. Fair: first come, first served, and nobody overtakes. Loop thread only.
//
//   const Semaphore::Permit permit = co_await limit.acquire();
//
// A Permit gives itself back once, so a limit cannot be exceeded by mistake and Semaphore is what most want. A
// semaphore that counts things instead (slots free, items ready) is fed with release() and drained with
// Permit::forget(); there a release too many is possible, and BoundedSemaphore is the one that refuses it.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>

#include "async/wait_queue.hpp"

namespace belfry::async {

struct SemaphoreStats {
  std::size_t permits = 0;    ///< in all
  std::size_t available = 0;  ///< free now
  std::size_t waiting = 0;    ///< tasks in the queue
};

class Semaphore {
 public:
  class Permit;
  class AcquireAwaiter;

  /// 0 is allowed: all wait for a release().
  explicit Semaphore(std::size_t permits) noexcept : Semaphore(permits, std::numeric_limits<std::size_t>::max()) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// A permit, when one is free and all who came before have theirs. Resumes in the loop's next batch, without a turn
  /// if one is free. A permit that was granted wins over a later cancellation. REQUIRES: the semaphore outlives the
  /// permit.
  [[nodiscard]] AcquireAwaiter acquire() noexcept;

  /// A permit if one is free now, else an empty one.
  [[nodiscard]] Permit try_acquire() noexcept;

  /// Adds one permit, which goes to the task that waits longest. Whoever calls it has forgotten one before, or wants
  /// more of them. BoundedSemaphore throws std::logic_error beyond its bound.
  void release();

  SemaphoreStats statistics() const noexcept { return {permits_, available_, waiters_.size()}; }

 protected:
  Semaphore(std::size_t permits, std::size_t bound) noexcept : permits_(permits), available_(permits), bound_(bound) {}

 private:
  void give_back() noexcept;

  std::size_t permits_;
  std::size_t available_;
  std::size_t bound_;
  detail::WaitQueue waiters_;
};

/// A semaphore that never has more permits than it began with: release() without a forgotten permit is an error.
class BoundedSemaphore : public Semaphore {
 public:
  explicit BoundedSemaphore(std::size_t permits) noexcept : Semaphore(permits, permits) {}
};

/// One unit of the semaphore; given back by its destructor, to the task that waits longest. Move-only; may be destroyed
/// in another task than the one that acquired it.
class [[nodiscard]] Semaphore::Permit {
 public:
  Permit() noexcept = default;
  Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    std::swap(semaphore_, other.semaphore_);
    return *this;
  }
  ~Permit() { release(); }

  /// Gives it back early. Idempotent.
  void release() noexcept {
    if (Semaphore* const semaphore = std::exchange(semaphore_, nullptr)) semaphore->give_back();
  }
  /// Uses it up: the semaphore has one permit less until somebody calls Semaphore::release().
  void forget() noexcept {
    if (Semaphore* const semaphore = std::exchange(semaphore_, nullptr)) --semaphore->permits_;
  }
  explicit operator bool() const noexcept { return semaphore_ != nullptr; }

 private:
  friend class Semaphore;
  explicit Permit(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
  Semaphore* semaphore_ = nullptr;
};

class [[nodiscard]] Semaphore::AcquireAwaiter final : public detail::QueuedWaiter {
 public:
  explicit AcquireAwaiter(Semaphore& semaphore) noexcept : QueuedWaiter("semaphore"), semaphore_(semaphore) {}
  /// A grant that nobody takes any more, because the frame is destroyed, is handed on.
  ~AcquireAwaiter() override = default;
  Permit await_resume() {
    finish();
    return std::move(granted_);
  }
  /// Who can end the wait is not known: permits go from task to task.
  void report(WaitReport& report) const override;

 private:
  friend class Semaphore;
  bool start() override;
  Semaphore& semaphore_;
  Permit granted_;
};

inline Semaphore::AcquireAwaiter Semaphore::acquire() noexcept { return AcquireAwaiter(*this); }

}  // namespace belfry::async
