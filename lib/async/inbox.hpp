// Inbox: how other threads hand work to a loop. A lock-free stack (many push, the loop takes all) and one uv_async_t.
//
// It is shared by the loop and by whoever may still call after the loop has gone (a Promise on a worker thread); then
// post() says no. post() and wake() from any thread, the rest on the loop's thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "async/ready_queue.hpp"

struct uv_async_s;

namespace belfry::async::detail {

/// A function to run on the loop, once. It destroys itself when it has run.
class Callback final : public ReadyNode {
 public:
  explicit Callback(std::move_only_function<void()> function) noexcept
      : ReadyNode(Kind::callback), function_(std::move(function)) {}

 private:
  friend class Inbox;
  ~Callback() = default;
  void run() noexcept override;
  void drop() noexcept override { delete this; }

  std::move_only_function<void()> function_;
  Callback* below_ = nullptr;  // in the inbox
};

class Inbox {
 public:
  explicit Inbox(uv_async_s* wakeup) noexcept : wakeup_(wakeup) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox();

  /// False, and the function is destroyed here, when the loop has closed.
  bool post(std::move_only_function<void()> function);

  /// Makes a sleeping loop take a turn.
  void wake() noexcept;

  /// Moves what was posted to the queue, in order of arrival.
  void drain(ReadyQueue& queue) noexcept;

  bool empty() const noexcept { return top_.load(std::memory_order_acquire) == nullptr; }

  /// From now on nothing touches the uv_async_t. Waits for threads that are waking it: a few instructions.
  void close() noexcept;

 private:
  std::atomic<Callback*> top_ = nullptr;
  std::atomic<int> wakers_ = 0;  // threads between the check of closed_ and the end of uv_async_send
  std::atomic<bool> closed_ = false;
  uv_async_s* wakeup_;
};

}  // namespace belfry::async::detail
