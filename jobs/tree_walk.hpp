// Walks what a pattern names, folder by folder by descriptors: never through a symbolic link below the pattern's base,
// in no order, in memory that does not grow with the number of files. Blocking: for a thread pool.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "io/fs.hpp"
#include "jobs/folder.hpp"
#include "jobs/path_pattern.hpp"

namespace belfry::jobs {

inline io::fs::FileTime modified_at(const struct ::stat& status) {
  return io::fs::FileTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                          std::chrono::nanoseconds(status.st_mtim.tv_nsec));
}

/// What the walk came across. `folder` stays open during the visit.
struct Found {
  const Folder& folder;
  std::string name;
  std::string relative;  ///< below the pattern's base
  struct ::stat status;  ///< of a link itself

  std::string path() const { return folder.path_of(name); }
  bool is_file() const noexcept { return S_ISREG(status.st_mode); }
  bool is_folder() const noexcept { return S_ISDIR(status.st_mode); }
  bool is_link() const noexcept { return S_ISLNK(status.st_mode); }
  std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(status.st_size); }
  io::fs::FileTime modified() const { return modified_at(status); }
};

/// Calls `visit` once for each path that matches and is not left out; it may remove or replace what it is told, and
/// throw. Nothing if the base is no folder. Returns whether anything matched, left out or not. Throws io::IoError
/// (ELOOP more than 256 folders below the base); when `stop` is requested it stops with ECANCELED.
bool walk(const PathPattern& pattern, const Excludes& excludes, const std::stop_token& stop,
          const std::function<void(const Found&)>& visit);

}  // namespace belfry::jobs
