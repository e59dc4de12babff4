// WaitQueue: the FIFO of tasks parked at an event, lock, semaphore, queue, future or task. Intrusive: a waiter that is
// destroyed or cancelled leaves by itself, and a waiter that a primitive serves is out of the queue before it is
// resumed. All primitives share this one parking lot. Loop thread only.
#pragma once

#include <cstddef>

#include "async/waiter.hpp"

namespace belfry::async::detail {

class QueuedWaiter;

class WaitQueue {
 public:
  WaitQueue() noexcept = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  /// Waiters that are left stay parked; their frames may outlive the queue but are never served.
  ~WaitQueue();

  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  QueuedWaiter* first() const noexcept { return first_; }

  void push(QueuedWaiter& waiter) noexcept;
  void remove(QueuedWaiter& waiter) noexcept;
  /// Unlinks and returns the first; null if empty.
  QueuedWaiter* pop() noexcept;
  /// Completes them all, in order.
  void complete_all() noexcept;

 private:
  QueuedWaiter* first_ = nullptr;
  QueuedWaiter* last_ = nullptr;
  std::size_t size_ = 0;
};

/// A waiter with a place in a WaitQueue. Cancellation takes it out of the queue; so does its destructor.
class QueuedWaiter : public Waiter {
 public:
  /// Unlinks it if it is linked, and resumes its task in the loop's turn.
  void serve() noexcept {
    leave();
    complete();
  }

 protected:
  using Waiter::Waiter;
  ~QueuedWaiter() override { leave(); }

  bool abandon() noexcept override {
    leave();
    return true;
  }
  void leave() noexcept {
    if (queue_ != nullptr) queue_->remove(*this);
  }

 private:
  friend class WaitQueue;
  WaitQueue* queue_ = nullptr;
  QueuedWaiter* previous_ = nullptr;
  QueuedWaiter* next_ = nullptr;
};

}  // namespace belfry::async::detail
