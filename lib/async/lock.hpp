// Lock: one task at a time, first come, first served. As asyncio.Lock, with a guard for `async with`. Loop thread only.
//
//   const Lock::Guard guard = co_await lock.acquire();
#pragma once

#include <cstddef>

#include "async/semaphore.hpp"

namespace belfry::async {

class Lock {
 public:
  /// Holds the lock until it is destroyed. Move-only.
  using Guard = Semaphore::Permit;

  /// The lock, when all who came before have had it. REQUIRES: the lock outlives the guard.
  Semaphore::AcquireAwaiter acquire() noexcept { return one_.acquire(); }

  /// The lock if it is free now, else an empty guard.
  Guard try_acquire() noexcept { return one_.try_acquire(); }

  bool locked() const noexcept { return one_.statistics().available == 0; }
  /// How many tasks wait.
  std::size_t waiters() const noexcept { return one_.statistics().waiting; }

 private:
  Semaphore one_{1};
};

}  // namespace belfry::async
