// The key `depends_on` of a job, and what can be said about it only when all jobs are known.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "daemon/config/map_reader.hpp"
#include "engine/policies.hpp"

namespace belfry::daemon {

struct JobSpec;

/// A job that another one depends on, as the file names it.
struct DependencySpec {
  engine::Dependency dependency;
  Place place;
  std::string path;  ///< of the value, as messages name it
};

using JobNames = std::set<std::string, std::less<>>;

/// A name, a list of names, or a map of names with success, failure or done. Complains about what is wrong.
std::vector<DependencySpec> read_dependencies(const Value& value);

/// Complains about dependencies on jobs that are not in `names`, and about jobs that depend on each other in a circle.
/// `names`: of all jobs of the file, right or wrong.
void check_dependencies(const std::vector<JobSpec>& jobs, const JobNames& names, ErrorList& errors);

}  // namespace belfry::daemon
