// Census: which tasks live, what each is doing, and where. Always on; LoopStats (loop_stats.hpp) has the totals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/clock.hpp"
#include "async/place.hpp"

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
  std::string waits_for;  ///< "sleep", "queue.get", ...; empty unless waiting
  Duration age{};         ///< by the loop's clock
  Duration busy{};        ///< time spent in its steps, real time
  std::uint64_t steps = 0;
  bool leaked = false;  ///< see KindStats::leaked
  /// The awaits it stands at, innermost first. Asked from another thread than the loop's: the innermost only.
  std::vector<Place> places;
};

/// All living tasks of the loop, oldest first. Any thread, also while the loop is stuck in a step: the loop must only
/// be alive. Holds a lock that every spawn takes: for 100,000 tasks some 80 ms.
std::vector<TaskInfo> all_tasks(const Loop& loop);

/// The running task of this thread's loop; nothing in a callback or outside a loop.
std::optional<TaskInfo> current_task();

/// One line for each task: "17 fetch [http] waiting for future 2.5s io/http.cpp:88 < jobs/http.cpp:31".
std::string describe(const std::vector<TaskInfo>& tasks);

}  // namespace belfry::async
