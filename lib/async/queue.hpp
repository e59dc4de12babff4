// Queue<T>: hands items from tasks to tasks, in order, holding at most so many. Loop thread only.
//
// put() waits while the queue is full, get() while it is empty; both are served first come, first served. Closing ends
// it: what is in it can still be taken, then get() throws QueueClosed. An item is never lost: one that was handed to a
// task which is destroyed before it resumed goes back to the front.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/wait_queue.hpp"

namespace belfry::async {

/// put() on a closed queue, or get() on one that is closed and empty.
class QueueClosed : public std::runtime_error {
 public:
  QueueClosed() : std::runtime_error("the queue is closed") {}
};

struct QueueStats {
  std::size_t size = 0;
  std::size_t max_size = 0;
  std::size_t putting = 0;  ///< tasks that wait for room
  std::size_t getting = 0;  ///< tasks that wait for an item
  bool closed = false;
};

template <class T>
class Queue {
 public:
  class GetAwaiter;
  class PutAwaiter;

  /// Holds up to `max_size` items (>= 1, std::invalid_argument); by default as many as memory does.
  explicit Queue(std::size_t max_size = std::numeric_limits<std::size_t>::max()) : max_size_(max_size) {
    if (max_size == 0) throw std::invalid_argument("a Queue must hold at least one item");
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Waits for room and puts the item in. Throws QueueClosed, also out of the wait. Cancelled: the item was not put in.
  [[nodiscard]] PutAwaiter put(T item) { return PutAwaiter(*this, std::move(item)); }

  /// Waits for an item and takes it. An item that was handed over wins over a later cancellation. Throws QueueClosed.
  [[nodiscard]] GetAwaiter get() { return GetAwaiter(*this); }

  /// False when the queue is full; `item` is then untouched. Throws QueueClosed.
  bool put_nowait(T& item);
  bool put_nowait(T&& item) { return put_nowait(item); }

  /// Nothing when the queue is empty, closed or not.
  std::optional<T> get_nowait();

  /// No item comes in any more; tasks waiting in put(), or in get() with nothing left, get QueueClosed. Idempotent.
  void close() noexcept;

  std::size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.empty(); }
  bool full() const noexcept { return items_.size() >= max_size_; }
  bool closed() const noexcept { return closed_; }
  QueueStats statistics() const noexcept {
    return {items_.size(), max_size_, putters_.size(), getters_.size(), closed_};
  }

 private:
  bool hand_over(T& item);
  void put_back(T item);
  void take_from_putter();

  std::size_t max_size_;
  std::deque<T> items_;
  detail::WaitQueue putters_;  // not empty only while the queue is full
  detail::WaitQueue getters_;  // not empty only while the queue is empty
  bool closed_ = false;
};

template <class T>
class Queue<T>::GetAwaiter final : public detail::QueuedWaiter {
 public:
  explicit GetAwaiter(Queue& queue) noexcept : QueuedWaiter("queue.get"), queue_(queue) {}
  ~GetAwaiter() override {
    if (item_) queue_.put_back(std::move(*item_));
  }
  T await_resume() {
    finish();
    if (!item_) throw QueueClosed();
    T item = std::move(*item_);
    item_.reset();
    return item;
  }

 private:
  friend class Queue;
  bool start() override {
    item_ = queue_.get_nowait();
    if (item_ || queue_.closed_) return false;
    queue_.getters_.push(*this);
    return true;
  }
  Queue& queue_;
  std::optional<T> item_;
};

template <class T>
class Queue<T>::PutAwaiter final : public detail::QueuedWaiter {
 public:
  PutAwaiter(Queue& queue, T item) : QueuedWaiter("queue.put"), queue_(queue), item_(std::move(item)) {}
  void await_resume() const {
    finish();
    if (refused_) throw QueueClosed();
  }

 private:
  friend class Queue;
  bool start() override {
    if (queue_.put_nowait(item_)) return false;
    queue_.putters_.push(*this);
    return true;
  }
  Queue& queue_;
  T item_;
  bool refused_ = false;
};

template <class T>
bool Queue<T>::put_nowait(T& item) {
  if (closed_) throw QueueClosed();
  if (hand_over(item)) return true;
  if (full()) return false;
  items_.push_back(std::move(item));
  return true;
}

template <class T>
bool Queue<T>::hand_over(T& item) {
  if (getters_.empty()) return false;
  auto& getter = static_cast<GetAwaiter&>(*getters_.first());
  getter.item_.emplace(std::move(item));
  getter.serve();
  return true;
}

template <class T>
void Queue<T>::put_back(T item) {
  if (!hand_over(item)) items_.push_front(std::move(item));
}

template <class T>
std::optional<T> Queue<T>::get_nowait() {
  if (items_.empty()) return std::nullopt;
  std::optional<T> item(std::move(items_.front()));
  items_.pop_front();
  take_from_putter();
  return item;
}

template <class T>
void Queue<T>::take_from_putter() {
  if (putters_.empty() || full()) return;
  auto& putter = static_cast<PutAwaiter&>(*putters_.first());
  items_.push_back(std::move(putter.item_));
  putter.serve();
}

template <class T>
void Queue<T>::close() noexcept {
  closed_ = true;
  while (!putters_.empty()) {
    auto& putter = static_cast<PutAwaiter&>(*putters_.first());
    putter.refused_ = true;
    putter.serve();
  }
  getters_.complete_all();
}

}  // namespace belfry::async
