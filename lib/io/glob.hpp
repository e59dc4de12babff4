// Globs: which files a pattern names, read off the loop's thread.
//
// Wildcards as in glob(7) and fnmatch(3): ? * [a-z]; a leading dot must be matched by a dot. `**` as a whole component
// stands for any number of folders, none included. Symbolic links to folders are never entered below the first
// wildcard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "io/fs.hpp"

namespace belfry::io {

/// A pattern cut in two: the folders before the first wildcard, and the rest.
struct GlobPattern {
  std::string base;                ///< "/var/log" of "/var/log/*.log"; "." for "*.log"
  std::vector<std::string> parts;  ///< {"*.log"}; the last one may have no wildcard only if the pattern has none at all
};

bool has_wildcards(std::string_view text) noexcept;

/// Of a pattern without wildcards the last component is the only part.
GlobPattern split_glob(std::string_view pattern);

struct GlobMatch {
  std::string path;
  std::string relative;  ///< without the base
  fs::FileType type = fs::FileType::unknown;
};

/// All that matches, sorted by path; nothing if nothing does. A pattern without wildcards gives what has that name.
/// Resumes on the loop. Throws IoError (E2BIG beyond `limit` matches). Cancellation: between two calls.
async::Task<std::vector<GlobMatch>> glob(std::string pattern, std::size_t limit = 1'000'000);

}  // namespace belfry::io
