// Where a program stands among the others: processor, disk, memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

struct IoPriority {
  int priority_class = 0;  ///< 1 realtime, 2 best effort, 3 idle
  int level = 0;           ///< 0 (first) to 7
};

struct Placement {
  std::string cgroup;  ///< a folder; empty: it stays where it is
  std::optional<int> nice;
  std::optional<IoPriority> io_priority;
  std::vector<int> cpus;  ///< empty: all
  std::optional<int> oom_score_adj;
};

/// Carries it out, or ends the process (report.hpp).
void take_place(const Placement& placement);
