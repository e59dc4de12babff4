// Census: which tasks live, what each is doing, where, and for whom it waits. Always on. LoopStats (loop_stats.hpp) has
// the totals, task_tree.hpp writes a census down, deadlock.hpp finds the cycles in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/cancel_tree.hpp"
#include "async/clock.hpp"
#include "async/place.hpp"
#include "async/task.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

class Loop;

enum class TaskState : std::uint8_t {
  ready,    ///< waits for its turn
  running,  ///< its step runs now
  waiting,  ///< parked at an await
};

std::string_view to_string(TaskState state) noexcept;

struct TaskInfo {
  std::uint64_t id = 0;
  std::string name;
  std::string kind;
  std::uint64_t parent = 0;  ///< the task that spawned it; 0: none
  TaskState state = TaskState::ready;
  std::string waits_for;                  ///< "sleep", "queue.get", ...; empty unless waiting
  WaitReport wait;                        ///< what the awaiter knows besides: a note, who can end the wait
  std::optional<CancelReason> cancelled;  ///< its awaits throw; absent also while a shield hides it
  Duration age{};                         ///< by the loop's clock
  Duration busy{};                        ///< in its steps: processor time, as long as none of them blocks
  std::uint64_t steps = 0;
  bool leaked = false;  ///< see KindStats::leaked
  /// The awaits it stands at, innermost first; of a task that has not begun the spawn.
  std::vector<Place> places;
};

/// All living tasks of the loop, oldest first. On the loop's thread at once: 0.3 us for each task. On any other thread
/// the loop is asked to look, a thousand tasks at a time, and goes on with its work in between; a task that is spawned
/// meanwhile is not in it. A loop that does not answer for half a second (it is stuck in a step, or does not run) is
/// looked at from outside: then only the innermost place of each task is known, and neither `wait` nor `cancelled`.
/// REQUIRES: the loop outlives the call.
std::vector<TaskInfo> all_tasks(const Loop& loop);

/// The same for a task of the loop itself: a thousand at a time, with a yield() in between.
Task<std::vector<TaskInfo>> take_census();

/// The running task of this thread's loop; nothing in a callback or outside a loop.
std::optional<TaskInfo> current_task();

}  // namespace belfry::async
