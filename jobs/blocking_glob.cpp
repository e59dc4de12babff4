#include "jobs/blocking_glob.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <cerrno>
#include <new>
#include <set>

#include "io/glob.hpp"
#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

struct Matches {
  glob_t found{};
  ~Matches() { ::globfree(&found); }
};

void add_matches(const std::string& pattern, std::set<std::string>& files) {
  Matches matches;
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches.found);
  if (result == GLOB_NOSPACE) throw std::bad_alloc();
  if (result == GLOB_ABORTED) throw io::IoError(EIO, "expand", pattern);
  for (std::size_t i = 0; i < matches.found.gl_pathc; ++i) {
    const char* path = matches.found.gl_pathv[i];
    struct ::stat status{};
    if (::lstat(path, &status) == 0 && S_ISREG(status.st_mode)) files.insert(path);
  }
}

}  // namespace

std::vector<std::string> regular_files(const std::vector<std::string>& patterns) {
  std::set<std::string> files;
  for (const auto& pattern : patterns) {
    if (io::has_wildcards(pattern)) {
      add_matches(pattern, files);
      continue;
    }
    struct ::stat status{};
    if (::stat(pattern.c_str(), &status) != 0) throw io::IoError(errno, "find", pattern);
    if (!S_ISREG(status.st_mode)) throw io::IoError(EINVAL, "read what is no regular file:", pattern);
    files.insert(pattern);
  }
  return {files.begin(), files.end()};
}

}  // namespace belfry::jobs
