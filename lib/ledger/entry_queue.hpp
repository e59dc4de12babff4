// Where entries wait for the writer: bounded in bytes, never blocking who puts one in.
//
// Many threads push, one takes. Pushing is O(1); nothing is allocated or freed under the lock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "ledger/entry.hpp"

namespace belfry::ledger {

/// Entries, and callbacks that mark places between them, in the order of the pushes. A singly linked list.
class EntryBatch {
 public:
  using Callback = std::move_only_function<void()>;

  struct Item {
    std::variant<Entry, Callback> what;
    std::size_t bytes = 0;  ///< that it holds in memory; 0 for a callback
    std::unique_ptr<Item> next;
    bool tied = false;  ///< to the next one: they belong into one commit
  };

  EntryBatch() = default;
  ~EntryBatch();
  EntryBatch(EntryBatch&& other) noexcept;
  EntryBatch& operator=(EntryBatch&& other) noexcept;

  void append(std::unique_ptr<Item> item) noexcept;
  void append(EntryBatch batch) noexcept;

  /// Takes the first `limit` items and what is tied to them, or all. O(limit).
  EntryBatch split(std::size_t limit) noexcept;

  bool empty() const noexcept { return first_ == nullptr; }
  const Item* first() const noexcept { return first_.get(); }
  Item* first() noexcept { return first_.get(); }
  Item* last() noexcept { return last_; }
  std::size_t items() const noexcept { return items_; }

 private:
  std::unique_ptr<Item> first_;
  Item* last_ = nullptr;
  std::size_t items_ = 0;
};

class EntryQueue {
 public:
  using Clock = std::chrono::steady_clock;

  explicit EntryQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Any thread. Beyond half of the bytes an entry loses its outputs; beyond seven eighths what happened by itself is
  /// dropped, and beyond all of them also what a person asked for (pauses and one-shots) and what guards a slot from
  /// running twice (claims). Each is counted. False when the entry was dropped.
  bool push(Entry entry) noexcept;

  /// The same for each of them, tied together. Any thread.
  void push_tied(std::vector<Entry> entries) noexcept;

  /// Any thread. A callback makes the writer hurry: somebody waits. Throws std::bad_alloc.
  void push(EntryBatch::Callback callback);

  /// The writer. Waits for an item, and then for `patience` at most until no more have joined it for 25 ms: for 5 ms
  /// where there is one that the table of live runs does not have, and no longer where somebody waits or the queue
  /// grows large. Empty only after close().
  EntryBatch take(Clock::duration patience);

  /// The writer. Whether nothing is to be taken.
  bool is_idle();

  /// The writer. Waits until then, or for close().
  void pause_until(Clock::time_point then);

  /// The writer. The bytes and entries of what it took are no longer held.
  void release(std::size_t entries, std::size_t bytes) noexcept;

  /// Ends the waiting. What is queued can still be taken.
  void close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  // Figures; any thread. `entries` and `bytes` count what was taken and not yet released, too.
  std::size_t entries() const noexcept { return entries_.load(std::memory_order_relaxed); }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  std::uint64_t dropped_outputs() const noexcept { return dropped_outputs_.load(std::memory_order_relaxed); }

 private:
  enum class Waiting : std::uint8_t { no, for_item, for_company };

  bool is_urgent() const noexcept;  // with the lock held
  std::unique_ptr<EntryBatch::Item> admit(Entry entry) noexcept;
  void enqueue(EntryBatch batch, bool somebody_waits) noexcept;

  const std::size_t max_bytes_;
  std::atomic<std::size_t> entries_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::uint64_t> dropped_outputs_ = 0;
  std::atomic<bool> closed_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  EntryBatch waiting_items_;
  Waiting waiting_ = Waiting::no;
  bool somebody_waits_ = false;
  bool hurried_ = false;  // by an entry that nobody else knows of
};

}  // namespace belfry::ledger
