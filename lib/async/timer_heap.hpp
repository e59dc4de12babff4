// TimerHeap: when is the next thing due? An intrusive, indexed 4-ary min-heap over 64-bit nanosecond keys.
//
// The owner of a timer embeds a TimerNode (a coroutine frame, a job); the heap keeps {key, node} entries in one flat
// array, laid so that the four children of an entry share a cache line. Comparing keys therefore never touches a node:
// at a million timers the cost of a heap is its cache misses, and this is where pointer heaps lose.
// The key has no clock: the loop's monotonic timers and the due queue of the wall clock use the same class.
// Not thread-safe: a heap and its nodes belong to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace belfry::async {

class TimerHeap;

/// The timer's place in its heap; derive from it or embed it. Neither copyable nor movable: the heap points at it.
/// Destroying a linked node takes it out of its heap (a destroyed frame leaves no timer behind).
class TimerNode {
 public:
  TimerNode() noexcept = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  ~TimerNode() { cancel(); }

  /// Whether it is in a heap now.
  bool linked() const noexcept { return heap_ != nullptr; }

  /// Leaves its heap, in O(log n); nothing happens if it is in none.
  void cancel() noexcept;

 private:
  friend class TimerHeap;
  TimerHeap* heap_ = nullptr;
  std::uint64_t sequence_ = 0;  // order of arrival: breaks ties
  std::uint32_t index_ = 0;     // where its entry is; kept right by every move of the entry
};
static_assert(sizeof(TimerNode) <= 24);

/// A set of timers ordered by key; of equal keys the one pushed (or updated) first comes first, so a run is repeatable.
/// Entries take 16 bytes, nodes 24. Only a tie reads the nodes. At most 2^32 - 4 timers.
class TimerHeap {
 public:
  /// next_key() of an empty heap.
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  TimerHeap() noexcept = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  /// Nodes that are still linked become unlinked; they may outlive the heap.
  ~TimerHeap();

  /// Links the node with this key, O(1) on average and O(log n) at worst. REQUIRES: the node is not linked.
  /// Throws std::bad_alloc (std::length_error past the limit) and then nothing has changed.
  void push(TimerNode& node, std::int64_t key);

  /// Gives a linked node another key, O(log n); it counts as pushed now. REQUIRES: the node is linked here.
  void update(TimerNode& node, std::int64_t key) noexcept;

  /// Unlinks the node, O(log n); false when it was not linked. REQUIRES: the node is not in another heap.
  bool cancel(TimerNode& node) noexcept;

  /// The node with the smallest key, still linked; nullptr when empty.
  TimerNode* top() const noexcept { return size_ == 0 ? nullptr : entries_[0].node; }

  /// The smallest key, or `never`.
  std::int64_t next_key() const noexcept { return size_ == 0 ? never : entries_[0].key; }

  /// The key of a linked node. REQUIRES: the node is linked here.
  std::int64_t key(const TimerNode& node) const noexcept { return entries_[node.index_].key; }

  /// Unlinks and returns the node with the smallest key; nullptr when empty. O(log n).
  TimerNode* pop() noexcept;

  /// As pop(), but only if its key is at most `now`; else nullptr. The loop fires with
  /// `while (auto* node = heap.pop_due(now))`: what a callback pushes or cancels meanwhile is seen at once.
  TimerNode* pop_due(std::int64_t now) noexcept { return next_key() <= now ? pop() : nullptr; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Memory for that many entries, at once. Throws std::bad_alloc. Memory is given back as the heap empties.
  void reserve(std::size_t entries);

 private:
  struct Entry {
    std::int64_t key;
    TimerNode* node;
  };
  static_assert(sizeof(Entry) == 16);

  static bool before(const Entry& a, const Entry& b) noexcept;
  static std::size_t earliest_of_four(const Entry* entries, std::size_t first) noexcept;
  std::size_t earliest_child(std::size_t first) const noexcept;
  void place(std::size_t index, Entry entry) noexcept;
  void sift_up(std::size_t hole, Entry entry) noexcept;
  void sift_down(std::size_t hole, Entry entry) noexcept;
  void remove_at(std::size_t index) noexcept;
  bool resize_memory(std::size_t capacity) noexcept;
  void shrink_if_sparse() noexcept;

  Entry* entries_ = nullptr;  // [0] is the root; [1], [5], [9], ... each begin a cache line
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::uint64_t next_sequence_ = 0;
};

inline void TimerNode::cancel() noexcept {
  if (heap_ != nullptr) heap_->cancel(*this);
}

}  // namespace belfry::async
