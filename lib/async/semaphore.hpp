// Semaphore: at most so many at a time. Fair: first come, first served, and nobody overtakes. Loop thread only.
//
//   const Semaphore::Permit permit = co_await limit.acquire();
#pragma once

#include <cstddef>
#include <optional>
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
  /// One unit of the semaphore; given back by its destructor, to the task that waits longest. Move-only.
  class [[nodiscard]] Permit {
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
    explicit operator bool() const noexcept { return semaphore_ != nullptr; }

   private:
    friend class Semaphore;
    explicit Permit(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
    Semaphore* semaphore_ = nullptr;
  };

  class [[nodiscard]] AcquireAwaiter final : public detail::QueuedWaiter {
   public:
    explicit AcquireAwaiter(Semaphore& semaphore) noexcept : QueuedWaiter("semaphore"), semaphore_(semaphore) {}
    /// A grant that nobody takes any more, because the frame is destroyed, is handed on.
    ~AcquireAwaiter() override = default;
    Permit await_resume() {
      finish();
      return std::move(granted_);
    }

   private:
    friend class Semaphore;
    bool start() override;
    Semaphore& semaphore_;
    Permit granted_;
  };

  explicit Semaphore(std::size_t permits) noexcept : permits_(permits), available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// A permit, when one is free and all who came before have theirs. A permit that was granted wins over a later
  /// cancellation. REQUIRES: the semaphore outlives the permit.
  AcquireAwaiter acquire() noexcept { return AcquireAwaiter(*this); }

  /// A permit if one is free now, else an empty one.
  Permit try_acquire() noexcept;

  SemaphoreStats statistics() const noexcept { return {permits_, available_, waiters_.size()}; }

 private:
  void give_back() noexcept;

  std::size_t permits_;
  std::size_t available_;
  detail::WaitQueue waiters_;
};

}  // namespace belfry::async
