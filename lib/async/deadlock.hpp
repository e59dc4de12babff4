// Deadlocks: tasks that wait for each other in a circle, so that none of them can ever go on. As far as awaiters tell
// who can end their wait
// (wait_report.hpp): locks, semaphores, joins, task groups; never by guessing.
#pragma once

#include <string>
#include <vector>

#include "async/census.hpp"

namespace belfry::async {

/// Each task waits for the next one, the last one for the first. A task that waits for itself is a circle of one.
struct Deadlock {
  std::vector<TaskInfo> circle;
};

/// The circles among these tasks, each once. A task that waits for any of several counts as stuck only if all of them
/// are. Whoever waits behind a circle without being in it is not named. A timeout around one of the waits will break
/// its circle, which is reported all the same. Linear in tasks and waits. Any thread.
std::vector<Deadlock> find_deadlocks(const std::vector<TaskInfo>& tasks);

/// Two lines for each task: what it waits for and who holds that, and the places of all its awaits.
std::string to_string(const Deadlock& deadlock);

}  // namespace belfry::async
