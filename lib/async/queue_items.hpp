// What a queue keeps its items in: in order of arrival, the last first, or the smallest first. Users want queue.hpp.
//
// Each has size(), push(item), pop() (REQUIRES: not empty), put_back(item), which makes it the next to be popped, and
// clear(). Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace belfry::async::detail {

/// First in, first out: a ring that grows to the next power of two and allocates nothing after that.
template <class T>
class FifoItems {
 public:
  FifoItems() noexcept = default;
  FifoItems(const FifoItems&) = delete;
  FifoItems& operator=(const FifoItems&) = delete;
  ~FifoItems() { clear(); }

  std::size_t size() const noexcept { return size_; }
  void push(T&& item) {
    if (size_ == capacity_) grow();
    std::construct_at(slot(size_), std::move(item));
    ++size_;
  }
  T pop() {
    T* const first = slot(0);
    T item = std::move(*first);
    std::destroy_at(first);
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
    return item;
  }
  void put_back(T&& item) {
    if (size_ == capacity_) grow();
    const std::size_t before = (first_ + capacity_ - 1) & (capacity_ - 1);
    std::construct_at(memory_.get() + before, std::move(item));
    first_ = before;
    ++size_;
  }
  void clear() noexcept {
    for (std::size_t i = 0; i < size_; ++i) std::destroy_at(slot(i));
    size_ = 0;
  }

 private:
  struct Free {
    std::size_t capacity = 0;
    void operator()(T* memory) const noexcept { std::allocator<T>().deallocate(memory, capacity); }
  };
  using Memory = std::unique_ptr<T, Free>;

  T* slot(std::size_t index) const noexcept { return memory_.get() + ((first_ + index) & (capacity_ - 1)); }
  void grow() {
    const std::size_t capacity = std::max<std::size_t>(8, capacity_ * 2);
    Memory memory(std::allocator<T>().allocate(capacity), Free{capacity});
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(memory.get() + i, std::move(*slot(i)));
      std::destroy_at(slot(i));
    }
    memory_ = std::move(memory);
    capacity_ = capacity;
    first_ = 0;
  }

  Memory memory_;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// Last in, first out.
template <class T>
class LifoItems {
 public:
  std::size_t size() const noexcept { return items_.size(); }
  void push(T&& item) { items_.push_back(std::move(item)); }
  T pop() {
    T item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
  void put_back(T&& item) { push(std::move(item)); }
  void clear() noexcept { items_.clear(); }

 private:
  std::vector<T> items_;
};

/// The smallest by Compare first; of equal ones the one that came first.
template <class T, class Compare>
class PriorityItems {
 public:
  std::size_t size() const noexcept { return heap_.size(); }
  void push(T&& item) { insert(std::move(item), ++last_); }
  T pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    T item = std::move(heap_.back().item);
    heap_.pop_back();
    return item;
  }
  void put_back(T&& item) { insert(std::move(item), --first_); }  // the next among its equals
  void clear() noexcept { heap_.clear(); }

 private:
  struct Entry {
    T item;
    std::int64_t order;
  };
  static bool later(const Entry& a, const Entry& b) {
    if (Compare()(b.item, a.item)) return true;
    return !Compare()(a.item, b.item) && b.order < a.order;
  }
  void insert(T&& item, std::int64_t order) {
    heap_.push_back(Entry{std::move(item), order});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  std::vector<Entry> heap_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace belfry::async::detail
