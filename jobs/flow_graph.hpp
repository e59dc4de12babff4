// What depends on what among the steps of a flow, however far away. Pure; any thread.
//
// Circles are found by engine/dependency_graph.hpp, as among jobs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace belfry::jobs {

/// For each step, whether it depends on each other one. `needs`: for each, the numbers of those that must have ended
/// before it. REQUIRES: there is no circle, and all numbers are below needs.size().
std::vector<std::vector<bool>> all_needed(std::span<const std::vector<std::size_t>> needs);

}  // namespace belfry::jobs
