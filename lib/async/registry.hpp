// Registry: the living tasks of a loop. Not for use outside lib/async; users ask census.hpp.
//
// The loop thread adds and removes without a lock; any thread looks through a Reading, and what it can see then is not
// destroyed under its eyes: remove() waits for it. A Reading is held for a few instructions and never during a step, so
// a stuck loop can be asked what it is stuck in.
//
// Why that is safe: only the loop thread writes the list, and each link is one atomic pointer. remove() unlinks first
// and then looks at `readers_` by a read-modify-write; either it sees the reader and waits for the mutex, or the
// reader, whose own read-modify-write comes later, sees the list without the task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "async/loop_stats.hpp"
#include "async/task_node.hpp"

namespace belfry::async::detail {

class Registry {
 public:
  /// While it exists no task that is in the list now, nor the one that runs, is destroyed. Any thread.
  class Reading {
   public:
    explicit Reading(const Registry& registry) : registry_(registry), lock_(registry.mutex_) {
      registry_.readers_.fetch_add(1, std::memory_order_acq_rel);
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { registry_.readers_.fetch_sub(1, std::memory_order_release); }

   private:
    const Registry& registry_;
    std::unique_lock<std::mutex> lock_;
  };

  /// A place in the list that stays good while tasks come and go between two looks. Any thread; must not outlive the
  /// registry.
  class Cursor {
   public:
    explicit Cursor(Registry& registry);
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor();

    /// Calls `visit` in a Reading for up to `most` further tasks, oldest first; not for those that were added after
    /// the cursor was made. False: that was the last.
    template <class Visit>
    bool visit(std::size_t most, Visit&& visit) {
      const Reading reading(registry_);
      for (; most > 0 && left_ > 0 && task_ != nullptr; --most, --left_) {
        visit(*task_);
        task_ = task_->next.load(std::memory_order_acquire);
      }
      return left_ > 0 && task_ != nullptr;
    }

   private:
    friend class Registry;
    Registry& registry_;
    TaskNode* task_;    // the next to be visited
    std::size_t left_;  // at most so many
    Cursor* next_;
  };

  /// Loop thread.
  void add(TaskNode& task) noexcept {
    task.previous = last_;
    (last_ != nullptr ? last_->next : first_).store(&task, std::memory_order_release);  // complete: readers may see it
    last_ = &task;
    change(size_, 1);
    kinds_.note_created(task.kind_index);
  }
  /// Loop thread. When it returns nobody looks at the task any more.
  void remove(TaskNode& task) noexcept;
  /// Nobody will join it any more: by intent (detached) or because its handle was dropped.
  void set_ownerless(TaskNode& task, TaskNode::Owner how) noexcept;

  /// Loop thread.
  bool empty() const noexcept { return first() == nullptr; }

  /// Any thread. Calls `visit` for every task, oldest first, in a Reading.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const Reading reading(*this);
    for (TaskNode* task = first(); task != nullptr; task = task->next.load(std::memory_order_acquire)) visit(*task);
  }

  /// The oldest, or null. Loop thread, or in a Reading.
  TaskNode* first() const noexcept { return first_.load(std::memory_order_acquire); }

  /// A number for a new task: no other task of the process has it, and older ones of this loop have smaller ones. Loop
  /// thread.
  std::uint64_t new_id() noexcept {
    if (next_id_ == ids_end_) more_ids();
    return next_id_++;
  }

  /// In a Reading: fills in `tasks` and the leaks of each kind. `now`: by the loop's clock.
  void snapshot(LoopStats& stats, std::int64_t now) const;

 private:
  /// One writer: no locked instruction needed.
  static void change(std::atomic<std::size_t>& number, int by) noexcept {
    number.store(number.load(std::memory_order_relaxed) + static_cast<std::size_t>(by), std::memory_order_relaxed);
  }
  void more_ids() noexcept;

  mutable std::mutex mutex_;
  mutable std::atomic<std::uint32_t> readers_ = 0;  // Readings and Cursors
  std::atomic<TaskNode*> first_ = nullptr;          // the oldest
  TaskNode* last_ = nullptr;                        // loop thread
  std::atomic<std::size_t> size_ = 0;
  std::atomic<std::size_t> ownerless_ = 0;
  Cursor* cursors_ = nullptr;  // under the mutex
  KindCounts kinds_;
  std::uint64_t next_id_ = 0;  // loop thread
  std::uint64_t ids_end_ = 0;
};

/// Whether the task counts as leaked. In a Reading.
bool is_leaked(const TaskNode& task, std::int64_t now) noexcept;

}  // namespace belfry::async::detail
