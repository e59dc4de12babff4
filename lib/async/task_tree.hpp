// A census written down: for a person, and for a program. Any thread; works on what all_tasks() returned.
#pragma once

#include <string>
#include <vector>

#include "async/census.hpp"

namespace belfry::async {

/// One line for each task, children indented below the task that spawned them:
///   17 fetch [http] waiting for lock 2.5s io/http.cpp:88 < jobs/http.cpp:31,
///   held by 12 writer
std::string task_tree(const std::vector<TaskInfo>& tasks);

/// A JSON array with an object for each task, parents before their children; the tree is in "parent". Bytes that are no
/// UTF-8 are replaced. Members that say nothing (no note, no holders, not cancelled) are left out.
std::string task_tree_json(const std::vector<TaskInfo>& tasks);

}  // namespace belfry::async
