// Queue, LifoQueue, PriorityQueue: hand items from tasks to tasks, holding at most so many. As asyncio's (3.13).
// Loop thread only.
//
// put() waits while the queue is full, get() while it is empty; both are served first come, first served, and an item
// is handed to the task that waits longest, not raced for. Timeouts are with_timeout's. No item is lost: one that was
// handed over wins over a later cancellation, and if the task is destroyed before it resumed the item goes back.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/queue_items.hpp"
#include "async/wait_queue.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

/// put() on a queue that was shut down, or get() on one that was and is empty.
class QueueShutDown : public std::runtime_error {
 public:
  QueueShutDown() : std::runtime_error("the queue was shut down") {}
};

struct QueueStats {
  std::size_t size = 0;
  std::size_t max_size = 0;
  std::size_t unfinished = 0;  ///< items put in for which task_done() was not called
  std::size_t putting = 0;     ///< tasks that wait for room
  std::size_t getting = 0;     ///< tasks that wait for an item
  bool shut_down = false;
};

template <class T, class Items>
class BasicQueue {
  class PutAwaiter;
  class NextAwaiter;
  class GetAwaiter;
  class JoinAwaiter;

 public:
  /// Holds up to `max_size` items (>= 1, std::invalid_argument); by default as many as memory does.
  explicit BasicQueue(std::size_t max_size = std::numeric_limits<std::size_t>::max()) : max_size_(max_size) {
    if (max_size == 0) throw std::invalid_argument("a Queue must hold at least one item");
  }
  BasicQueue(const BasicQueue&) = delete;
  BasicQueue& operator=(const BasicQueue&) = delete;

  /// Waits for room and puts the item in. Throws QueueShutDown, also out of the wait. Cancelled: it was not put in.
  [[nodiscard]] PutAwaiter put(T item) { return PutAwaiter(*this, std::move(item)); }

  /// Waits for an item and takes it. Throws QueueShutDown, also out of the wait.
  [[nodiscard]] GetAwaiter get() noexcept { return GetAwaiter(*this); }

  /// As get(), but nothing instead of QueueShutDown: `while (auto item = co_await queue.next())` reads to the end.
  [[nodiscard]] NextAwaiter next() noexcept { return NextAwaiter(*this); }

  /// False when the queue is full; `item` is then untouched. Throws QueueShutDown.
  bool put_nowait(T& item);
  bool put_nowait(T&& item) { return put_nowait(item); }

  /// Nothing when the queue is empty, shut down or not.
  std::optional<T> get_nowait();

  /// An item that was taken has been dealt with. Throws std::logic_error when that was said of all items already.
  void task_done();

  /// Waits until task_done() was called once for each item that was put in.
  [[nodiscard]] JoinAwaiter join() noexcept { return JoinAwaiter(*this); }

  /// No item comes in any more: tasks waiting in put() get QueueShutDown, those in get() with nothing left as well.
  /// What is in it can still be taken, unless `immediate`: then it is dropped and counts as dealt with. Idempotent.
  void shutdown(bool immediate = false) noexcept;

  std::size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.size() == 0; }
  bool full() const noexcept { return items_.size() >= max_size_; }
  QueueStats statistics() const noexcept {
    return {items_.size(), max_size_, unfinished_, putters_.size(), getters_.size(), shut_down_};
  }

 private:
  bool hand_over(T& item);
  void put_back(T item) {
    if (!hand_over(item)) items_.put_back(std::move(item));
  }
  void finished(std::size_t count) noexcept {
    unfinished_ -= count;
    if (unfinished_ == 0) joiners_.complete_all();
  }
  void report(WaitReport& report) const {
    report.object(this).note(std::to_string(items_.size()) + " items" + (full() ? ", full" : ""));
  }

  std::size_t max_size_;
  std::size_t unfinished_ = 0;
  Items items_;
  detail::WaitQueue putters_;  // not empty only while the queue is full
  detail::WaitQueue getters_;  // not empty only while the queue is empty
  detail::WaitQueue joiners_;
  bool shut_down_ = false;
};

/// First in, first out.
template <class T>
using Queue = BasicQueue<T, detail::FifoItems<T>>;

/// Last in, first out.
template <class T>
using LifoQueue = BasicQueue<T, detail::LifoItems<T>>;

/// The smallest item first, by Compare; of equal ones the one that came first.
template <class T, class Compare = std::less<T>>
using PriorityQueue = BasicQueue<T, detail::PriorityItems<T, Compare>>;

template <class T, class Items>
class BasicQueue<T, Items>::NextAwaiter : public detail::QueuedWaiter {
 public:
  explicit NextAwaiter(BasicQueue& queue) noexcept : QueuedWaiter("queue.get"), queue_(queue) {}
  ~NextAwaiter() override {
    if (item_) queue_.put_back(std::move(*item_));
  }
  std::optional<T> await_resume() {
    finish();
    return std::exchange(item_, std::nullopt);
  }
  void report(WaitReport& report) const override { queue_.report(report); }

 private:
  friend class BasicQueue;
  bool start() override {
    item_ = queue_.get_nowait();
    if (item_ || queue_.shut_down_) return false;
    queue_.getters_.push(*this);
    return true;
  }
  BasicQueue& queue_;
  std::optional<T> item_;
};

template <class T, class Items>
class BasicQueue<T, Items>::GetAwaiter final : public NextAwaiter {
 public:
  using NextAwaiter::NextAwaiter;
  T await_resume() {
    std::optional<T> item = NextAwaiter::await_resume();
    if (!item) throw QueueShutDown();
    return std::move(*item);
  }
};

template <class T, class Items>
class BasicQueue<T, Items>::PutAwaiter final : public detail::QueuedWaiter {
 public:
  PutAwaiter(BasicQueue& queue, T&& item) : QueuedWaiter("queue.put"), queue_(queue), item_(std::move(item)) {}
  void await_resume() const {
    finish();
    if (refused_) throw QueueShutDown();
  }
  void report(WaitReport& report) const override { queue_.report(report); }

 private:
  friend class BasicQueue;
  bool start() override {
    if (queue_.put_nowait(item_)) return false;
    queue_.putters_.push(*this);
    return true;
  }
  BasicQueue& queue_;
  T item_;
  bool refused_ = false;
};

template <class T, class Items>
class BasicQueue<T, Items>::JoinAwaiter final : public detail::QueuedWaiter {
 public:
  explicit JoinAwaiter(BasicQueue& queue) noexcept : QueuedWaiter("queue.join"), queue_(queue) {}
  void await_resume() const { finish(); }
  void report(WaitReport& report) const override {
    report.object(&queue_).note(std::to_string(queue_.unfinished_) + " unfinished");
  }

 private:
  bool start() override {
    if (queue_.unfinished_ == 0) return false;
    queue_.joiners_.push(*this);
    return true;
  }
  BasicQueue& queue_;
};

template <class T, class Items>
bool BasicQueue<T, Items>::put_nowait(T& item) {
  if (shut_down_) throw QueueShutDown();
  if (!hand_over(item)) {
    if (full()) return false;
    items_.push(std::move(item));
  }
  ++unfinished_;
  return true;
}

template <class T, class Items>
bool BasicQueue<T, Items>::hand_over(T& item) {
  if (getters_.empty()) return false;
  auto& getter = static_cast<NextAwaiter&>(*getters_.first());
  getter.item_.emplace(std::move(item));
  getter.serve();
  return true;
}

template <class T, class Items>
std::optional<T> BasicQueue<T, Items>::get_nowait() {
  if (empty()) return std::nullopt;
  std::optional<T> item(items_.pop());
  if (putters_.empty() || full()) return item;
  auto& putter = static_cast<PutAwaiter&>(*putters_.first());
  items_.push(std::move(putter.item_));
  ++unfinished_;
  putter.serve();
  return item;
}

template <class T, class Items>
void BasicQueue<T, Items>::task_done() {
  if (unfinished_ == 0) throw std::logic_error("task_done() was called more often than items were put in");
  finished(1);
}

template <class T, class Items>
void BasicQueue<T, Items>::shutdown(bool immediate) noexcept {
  shut_down_ = true;
  while (!putters_.empty()) {
    auto& putter = static_cast<PutAwaiter&>(*putters_.first());
    putter.refused_ = true;
    putter.serve();
  }
  getters_.complete_all();
  if (!immediate) return;
  finished(items_.size());
  items_.clear();
}

}  // namespace belfry::async
