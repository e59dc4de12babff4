// The heap's moves. An entry on its way up or down is held in registers while the others step into the hole it left;
// it is written once, where it ends.
#include "async/timer_heap.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <stdexcept>

namespace belfry::async {
namespace {

constexpr std::size_t fan_out = 4;
constexpr std::size_t cache_line = 64;
constexpr std::size_t lead = fan_out - 1;  // unused entries before the root, so that children begin a cache line
constexpr std::size_t smallest_capacity = 64 - lead;
constexpr std::size_t largest_capacity = std::numeric_limits<std::uint32_t>::max() - lead;

constexpr std::size_t parent_of(std::size_t index) noexcept { return (index - 1) / fan_out; }
constexpr std::size_t first_child_of(std::size_t index) noexcept { return index * fan_out + 1; }

}  // namespace

TimerHeap::~TimerHeap() {
  for (std::size_t i = 0; i < size_; ++i) entries_[i].node->heap_ = nullptr;
  size_ = 0;
  resize_memory(0);
}

void TimerHeap::push(TimerNode& node, std::int64_t key) {
  assert(!node.linked());
  if (size_ == capacity_) reserve(std::max(smallest_capacity, 2 * capacity_ + lead));
  node.heap_ = this;
  node.sequence_ = next_sequence_++;
  sift_up(size_++, {key, &node});
}

void TimerHeap::update(TimerNode& node, std::int64_t key) noexcept {
  assert(node.heap_ == this);
  node.sequence_ = next_sequence_++;
  const std::size_t index = node.index_;
  // With the newest sequence number an equal key means "later": it goes down.
  if (key < entries_[index].key) {
    sift_up(index, {key, &node});
  } else {
    sift_down(index, {key, &node});
  }
}

bool TimerHeap::cancel(TimerNode& node) noexcept {
  if (!node.linked()) return false;
  assert(node.heap_ == this);
  remove_at(node.index_);
  node.heap_ = nullptr;
  shrink_if_sparse();
  return true;
}

TimerNode* TimerHeap::pop() noexcept {
  if (size_ == 0) return nullptr;
  TimerNode* const node = entries_[0].node;
  remove_at(0);
  node->heap_ = nullptr;
  shrink_if_sparse();
  return node;
}

void TimerHeap::reserve(std::size_t entries) {
  if (entries <= capacity_) return;
  if (entries > largest_capacity) throw std::length_error("belfry::async::TimerHeap holds at most 2^32 - 4 timers");
  if (!resize_memory(entries)) throw std::bad_alloc();
}

inline bool TimerHeap::before(const Entry& a, const Entry& b) noexcept {
  if (a.key == b.key) [[unlikely]]
    return a.node->sequence_ < b.node->sequence_;
  return a.key < b.key;
}

inline void TimerHeap::place(std::size_t index, Entry entry) noexcept {
  entries_[index] = entry;
  entry.node->index_ = static_cast<std::uint32_t>(index);
}

// Two rounds of a knock-out; the compiler turns them into conditional moves.
inline std::size_t TimerHeap::earliest_of_four(const Entry* entries, std::size_t first) noexcept {
  const std::size_t left = first + (before(entries[first + 1], entries[first]) ? 1 : 0);
  const std::size_t right = first + (before(entries[first + 3], entries[first + 2]) ? 3 : 2);
  return before(entries[right], entries[left]) ? right : left;
}

inline std::size_t TimerHeap::earliest_child(std::size_t first) const noexcept {
  if (first + fan_out <= size_) return earliest_of_four(entries_, first);
  std::size_t earliest = first;
  for (std::size_t child = first + 1; child < size_; ++child) {
    if (before(entries_[child], entries_[earliest])) earliest = child;
  }
  return earliest;
}

void TimerHeap::sift_up(std::size_t hole, Entry entry) noexcept {
  while (hole > 0) {
    const std::size_t parent = parent_of(hole);
    if (!before(entry, entries_[parent])) break;
    place(hole, entries_[parent]);
    hole = parent;
  }
  place(hole, entry);
}

void TimerHeap::sift_down(std::size_t hole, Entry entry) noexcept {
  for (std::size_t first = first_child_of(hole); first < size_; first = first_child_of(hole)) {
    // The sixteen grandchildren lie on four neighbouring lines: ask for them while the children are compared.
    const Entry* const grandchildren = entries_ + first_child_of(first);
    for (std::size_t line = 0; line < fan_out; ++line) __builtin_prefetch(grandchildren + line * fan_out);
    const std::size_t child = earliest_child(first);
    if (!before(entries_[child], entry)) break;
    place(hole, entries_[child]);
    hole = child;
  }
  place(hole, entry);
}

// The last entry fills the gap. Against the gap's parent it may belong higher (another branch) or lower.
void TimerHeap::remove_at(std::size_t index) noexcept {
  const Entry last = entries_[--size_];
  if (index == size_) return;
  if (index > 0 && before(last, entries_[parent_of(index)])) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

// False when there is no memory; then nothing has changed.
bool TimerHeap::resize_memory(std::size_t capacity) noexcept {
  Entry* fresh = nullptr;
  if (capacity > 0) {
    auto* const memory = static_cast<Entry*>(
        ::operator new((capacity + lead) * sizeof(Entry), std::align_val_t{cache_line}, std::nothrow));
    if (memory == nullptr) return false;
    fresh = memory + lead;
    std::copy_n(entries_, size_, fresh);
  }
  if (entries_ != nullptr) ::operator delete(entries_ - lead, std::align_val_t{cache_line});
  entries_ = fresh;
  capacity_ = capacity;
  return true;
}

// Halves the memory at a quarter full: a burst of timers does not stay with the daemon, and the copying is amortised.
void TimerHeap::shrink_if_sparse() noexcept {
  if (capacity_ > smallest_capacity && size_ < capacity_ / 4) {
    resize_memory(std::max(smallest_capacity, (capacity_ - lead) / 2));  // without memory it stays as it is
  }
}

}  // namespace belfry::async
