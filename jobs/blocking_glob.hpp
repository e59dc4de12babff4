// The files that globs name, looked up on the calling thread: for a thread pool, never for the loop's thread.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "jobs/path_pattern.hpp"

namespace belfry::jobs {

/// The regular files that match (jobs/tree_walk.hpp), sorted, each once. A pattern without wildcards must exist
/// (IoError ENOENT) and be one (EINVAL); one with wildcards may match nothing. Symbolic links are followed only when
/// named without wildcards. Throws IoError, ECANCELED when `stop` is requested.
std::vector<std::string> regular_files(const std::stop_token& stop, const std::vector<PathPattern>& patterns,
                                       const Excludes& exclude = {});

/// The same of patterns as they are written.
std::vector<std::string> regular_files(const std::stop_token& stop, const std::vector<std::string>& patterns);

}  // namespace belfry::jobs
