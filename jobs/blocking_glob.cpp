#include "jobs/blocking_glob.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <set>

#include "io/io_error.hpp"
#include "jobs/tree_walk.hpp"

namespace belfry::jobs {

namespace {

/// Of a pattern without wildcards: follows a link, which somebody named.
void check_named(const Found& found) {
  struct ::stat status{};
  if (::fstatat(found.folder.fd(), found.name.c_str(), &status, 0) != 0) throw io::IoError(errno, "find", found.path());
  if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "read what is no regular file:", found.path());
}

}  // namespace

std::vector<std::string> regular_files(const std::stop_token& stop, const std::vector<PathPattern>& patterns,
                                       const Excludes& exclude) {
  std::set<std::string> files;
  for (const auto& pattern : patterns) {
    const bool any = walk(pattern, exclude, stop, [&](const Found& found) {
      if (pattern.literal()) check_named(found);
      if (pattern.literal() || found.is_file()) files.insert(found.path());
    });
    if (!any && pattern.literal()) throw io::IoError(ENOENT, "find", pattern.text());
  }
  return {files.begin(), files.end()};
}

std::vector<std::string> regular_files(const std::stop_token& stop, const std::vector<std::string>& patterns) {
  std::vector<PathPattern> compiled;
  for (const auto& pattern : patterns) {
    if (!PathPattern::fits(pattern)) throw io::IoError(E2BIG, "expand", pattern);
    compiled.emplace_back(pattern);
  }
  return regular_files(stop, compiled);
}

}  // namespace belfry::jobs
