// Which job is due next: an indexed heap of one slot for each job, by the wall clock.
//
// Owned by the engine, used on the loop's thread only. The heap is async::TimerHeap, keyed by Unix nanoseconds; the
// queue never reads a clock and never sleeps, the engine does.
#pragma once

#include <cstddef>
#include <optional>

#include "async/timer_heap.hpp"
#include "time/wall_time.hpp"

namespace belfry::engine {

using time::WallTime;

struct JobState;

/// The place of one job in the queue; lives in its JobState and leaves the queue when that is destroyed.
class DueSlot : public async::TimerNode {
 public:
  JobState* job = nullptr;
};

class DueQueue {
 public:
  /// Puts the slot in at `due`, or moves it there. O(log n).
  void set(DueSlot& slot, WallTime due);

  /// Takes the slot out, if it is in. O(log n).
  void clear(DueSlot& slot) noexcept;

  /// When the earliest slot is due; none when the queue is empty. O(1).
  std::optional<WallTime> earliest() const noexcept;

  /// The slot of the job that is to be looked at next. A job is looked at a moment before its slot when it has to claim
  /// it, so another one may be due up to that moment earlier. O(1).
  std::optional<WallTime> earliest_slot() const noexcept;

  /// Takes out the earliest slot if it is due at `now` and returns its job, else null. O(log n).
  JobState* take_due(WallTime now) noexcept;

  std::size_t size() const noexcept { return heap_.size(); }

 private:
  async::TimerHeap heap_;
};

}  // namespace belfry::engine
