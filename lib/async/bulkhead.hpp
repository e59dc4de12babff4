// Bulkhead: at most so many calls at a time, and at most so many that wait for it; who comes beyond is turned away at
// once. A slow neighbour then sinks its own compartment, not the ship. Loop thread only.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/semaphore.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// The call was not made: as many run and wait as may.
class BulkheadFull : public std::runtime_error {
 public:
  BulkheadFull(std::size_t running, std::size_t waiting)
      : std::runtime_error("the bulkhead is full: " + std::to_string(running) + " calls run and " +
                           std::to_string(waiting) + " wait; try later, or call less") {}
};

class Bulkhead {
 public:
  /// `running` >= 1 (std::invalid_argument); `waiting` may be 0.
  Bulkhead(std::size_t running, std::size_t waiting) : permits_(running), most_waiting_(waiting) {
    if (running == 0) throw std::invalid_argument("a Bulkhead that lets nothing run would stop everything");
  }

  /// Awaits the call when its turn has come, first come, first served; returns its value or rethrows its exception.
  /// Throws BulkheadFull without starting it. Cancelled while it waits: it is never started.
  /// REQUIRES: the bulkhead outlives the await.
  template <class T>
  Task<T> run(Task<T> call) {
    const SemaphoreStats now = permits_.statistics();
    if (now.available == 0 && now.waiting >= most_waiting_) throw BulkheadFull(now.permits, now.waiting);
    const Semaphore::Permit permit = co_await permits_.acquire();
    co_return co_await std::move(call);
  }

  std::size_t running() const noexcept {
    const SemaphoreStats now = permits_.statistics();
    return now.permits - now.available;
  }
  std::size_t waiting() const noexcept { return permits_.statistics().waiting; }

 private:
  Semaphore permits_;
  std::size_t most_waiting_;
};

}  // namespace belfry::async
