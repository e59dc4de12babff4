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
  void add(TaskNode& task);
  void remove(TaskNode& task) noexcept;
  /// Nobody will join it any more: by intent (detached) or because its handle was dropped.
  void set_ownerless(TaskNode& task, TaskNode::Owner how, std::int64_t now) noexcept;

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
  /// Returns when nobody holds the mutex who took it before this call.
  void wait_for_readers() const noexcept { const std::scoped_lock lock(mutex_); }
  /// Under the mutex: fills in `tasks` and the leaks of each kind. `now`: by the loop's clock.
  void snapshot(LoopStats& stats, std::int64_t now, Duration leak_grace) const;

 private:
  mutable std::mutex mutex_;
  TaskNode* first_ = nullptr;
  TaskNode* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t ownerless_ = 0;
};

/// Whether the task counts as leaked. Under the mutex.
bool is_leaked(const TaskNode& task, std::int64_t now, Duration leak_grace) noexcept;

}  // namespace belfry::async::detail
