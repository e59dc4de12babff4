// Who depends on whom, and in circles. Pure functions; any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace belfry::engine {

/// Each job with the jobs that it depends on. Names that are no key are jobs that depend on nothing.
using DependencyGraph = std::map<std::string, std::vector<std::string>, std::less<>>;

/// A job, the one that it depends on, and so on until the last depends on the first. Begins with its smallest name.
using DependencyCycle = std::vector<std::string>;

/// The circles of the graph, none of which shares a job with another that is returned; empty exactly when there are
/// none. In the order of their names. O(jobs + dependencies) look-ups.
std::vector<DependencyCycle> dependency_cycles(const DependencyGraph& graph);

/// "a -> b -> a": each depends on the next. A long one is cut after ten: "a -> b -> ... -> (490 more) -> a".
std::string to_string(const DependencyCycle& cycle);

}  // namespace belfry::engine
