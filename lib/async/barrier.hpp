// Barrier: tasks wait for each other until all are there. As asyncio.Barrier. Loop thread only.
//
//   const std::size_t place = co_await barrier.wait();   // returns in all of them when the last has come
//   if (place == 0) write_header();                      // one of them may do what is to be done once
#pragma once

#include <cstddef>
#include <stdexcept>

#include "async/wait_queue.hpp"

namespace belfry::async {

/// The barrier was aborted, or reset while the task waited.
class BrokenBarrier : public std::runtime_error {
 public:
  BrokenBarrier() : std::runtime_error("the barrier is broken: it was aborted, or reset while tasks waited") {}
};

class Barrier {
 public:
  class WaitAwaiter;

  /// For that many tasks (>= 1, std::invalid_argument).
  explicit Barrier(std::size_t parties);
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  /// Waits until `parties` tasks wait, then all go on, in the order in which they came, in the loop's next batch; the
  /// last does not wait. Gives each another number from 0 to parties - 1, in that order. Who comes then waits for the
  /// next round, at once: nobody has to leave first. Throws BrokenBarrier.
  /// Cancelled: the task is no longer counted and the barrier stays whole; once all were there, it passes.
  [[nodiscard]] WaitAwaiter wait() noexcept;

  /// Breaks it: who waits, and everybody who comes, gets BrokenBarrier until reset().
  void abort() noexcept;

  /// As new: who waits gets BrokenBarrier, who comes later waits as ever.
  void reset() noexcept;

  std::size_t parties() const noexcept { return parties_; }
  /// How many tasks wait.
  std::size_t waiting() const noexcept { return waiters_.size(); }
  bool broken() const noexcept { return broken_; }

 private:
  void break_waits() noexcept;

  std::size_t parties_;
  detail::WaitQueue waiters_;
  bool broken_ = false;
};

class [[nodiscard]] Barrier::WaitAwaiter final : public detail::QueuedWaiter {
 public:
  explicit WaitAwaiter(Barrier& barrier) noexcept : QueuedWaiter("barrier"), barrier_(barrier) {}
  std::size_t await_resume() const {
    finish();
    if (broken_) throw BrokenBarrier();
    return place_;
  }
  void report(WaitReport& report) const override;

 private:
  friend class Barrier;
  bool start() override;
  Barrier& barrier_;
  std::size_t place_ = 0;
  bool broken_ = false;
};

inline Barrier::WaitAwaiter Barrier::wait() noexcept { return WaitAwaiter(*this); }

}  // namespace belfry::async
