// The tasks of a census in the order of their tree. Not for use outside lib/async.
#pragma once

#include <cstddef>
#include <vector>

#include "async/census.hpp"

namespace belfry::async::detail {

struct TreeEntry {
  const TaskInfo* task = nullptr;
  std::size_t depth = 0;  // 0: nobody that is still alive spawned it
};

/// Every task once, behind its parent, in linear time.
std::vector<TreeEntry> tree_order(const std::vector<TaskInfo>& tasks);

}  // namespace belfry::async::detail
