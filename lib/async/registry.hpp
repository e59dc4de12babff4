// Registry: the living tasks of a loop. Not for use outside lib/async; users ask census.hpp.
//
// The loop thread adds and removes; any thread may look while it holds the mutex, which is held for a few instructions
// and never during a step, so a stuck loop can be asked what it is stuck in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "async/loop_stats.hpp"
#include "async/task_node.hpp"

namespace belfry::async::detail {

class Registry {
 public:
  /// A place in the list that stays good while tasks come and go between two looks. Any thread; must not outlive the
  /// registry.
  class Cursor {
   public:
    explicit Cursor(Registry& registry);
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor();

    /// Calls `visit` under the mutex for up to `most` further tasks, oldest first; not for those that were added after
    /// the cursor was made. False: that was the last.
    template <class Visit>
    bool visit(std::size_t most, Visit&& visit) {
      const std::scoped_lock lock(registry_.mutex_);
      for (; most > 0 && left_ > 0 && task_ != nullptr; --most, --left_) {
        visit(*task_);
        task_ = task_->next;
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

  void add(TaskNode& task);
  void remove(TaskNode& task) noexcept;
  /// Nobody will join it any more: by intent (detached) or because its handle was dropped.
  void set_ownerless(TaskNode& task, TaskNode::Owner how) noexcept;

  /// Loop thread.
  bool empty() const noexcept { return size_ == 0; }

  /// Any thread. Calls `visit` for every task, oldest first, under the mutex.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::scoped_lock lock(mutex_);
    for (TaskNode* task = first_; task != nullptr; task = task->next) visit(*task);
  }

  /// Loop thread only: the oldest, or null.
  TaskNode* first() const noexcept { return first_; }

  std::mutex& mutex() const noexcept { return mutex_; }
  /// Under the mutex: fills in `tasks` and the leaks of each kind. `now`: by the loop's clock.
  void snapshot(LoopStats& stats, std::int64_t now) const;

 private:
  mutable std::mutex mutex_;
  TaskNode* first_ = nullptr;  // the oldest
  TaskNode* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t ownerless_ = 0;
  Cursor* cursors_ = nullptr;
};

/// Whether the task counts as leaked. Under the mutex.
bool is_leaked(const TaskNode& task, std::int64_t now) noexcept;

}  // namespace belfry::async::detail
