// What a watch is about, as it is on the disk: the folders in which files may come, each watched before it is read, and
// the files that are there.
//
// Symbolic links below the first wildcard are never entered; one that leads to a file counts as that file. Blocking,
// for a thread pool; values are free to cross threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/watch.hpp"
#include "io/inotify.hpp"
#include "jobs/path_pattern.hpp"

namespace belfry::daemon {

/// What changes when a file is written or replaced.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  time::WallTime modified;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct SeenFile {
  FileStamp stamp;
  time::WallTime changed;  ///< also by a rename into its folder, which keeps the time of its content (ctime)
};

using SeenFiles = std::map<std::string, SeenFile>;

/// On what changes could be overlooked, for people.
struct BlindSpot {
  std::string reason;
  std::string advice;
  bool never_seen = false;  ///< not even by a look at all files
};

/// The patterns of a watch. Immutable.
class WatchedPaths {
 public:
  explicit WatchedPaths(const engine::Watch& watch);

  const std::vector<jobs::PathPattern>& patterns() const noexcept { return patterns_; }
  const jobs::Excludes& excludes() const noexcept { return excludes_; }
  /// The folders where the walks begin, whether they are there or not.
  std::vector<std::string> bases() const;

 private:
  std::vector<jobs::PathPattern> patterns_;
  jobs::Excludes excludes_;
};

/// A folder in which something can match.
class WatchedFolder {
 public:
  explicit WatchedFolder(std::string path) : path_(std::move(path)) {}

  void add(const jobs::PathPattern& pattern, jobs::PathPattern::State state, std::string relative);

  /// Whether a file of that name is one of those watched; and whether there can be some below a folder of that name.
  bool takes_file(const jobs::Excludes& excludes, const char* name) const;
  bool takes_folder(const jobs::Excludes& excludes, const char* name) const;

  const std::string& path() const noexcept { return path_; }
  std::string path_of(std::string_view name) const;

 private:
  struct Follow {
    const jobs::PathPattern* pattern;  // of WatchedPaths
    jobs::PathPattern::State state;
    std::string relative;  // below the pattern's base, with a slash at its end
  };

  std::string path_;
  std::vector<Follow> follows_;
};

struct WatchScan {
  std::map<int, WatchedFolder> folders;  ///< by the number of their inotify watch; into the WatchedPaths
  SeenFiles files;
  std::vector<BlindSpot> blind_spots;
};

/// How many files of one watch are kept in mind.
inline constexpr std::size_t most_watched_files = 200'000;
/// How many folders are looked into at least, watched or not, for each pattern.
inline constexpr std::size_t most_folders_read = 100'000;

/// `inotify` null: nothing is watched, only looked at; so are folders beyond `max_folders`, up to most_folders_read.
/// Throws io::IoError (ECANCELED) when stopped; all else that fails is a blind spot.
WatchScan scan_watch(const WatchedPaths& paths, std::size_t max_folders, const io::Inotify* inotify,
                     const std::stop_token& stop);

/// One file; none: there is no such file, or it is none (a folder, a pipe).
std::optional<SeenFile> look_at_file(const std::string& path);

}  // namespace belfry::daemon
