// The files that globs name, looked up on the calling thread: for a thread pool, never for the loop's thread.
#pragma once

#include <string>
#include <vector>

namespace belfry::jobs {

/// The regular files among the matches of glob(3), sorted, each once. A pattern without wildcards must exist (IoError
/// ENOENT); one with wildcards may match nothing. Symbolic links are followed only when named without wildcards.
std::vector<std::string> regular_files(const std::vector<std::string>& patterns);

}  // namespace belfry::jobs
