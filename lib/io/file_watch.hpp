// FileWatch: tells when files may have changed, whatever way they are replaced: written in place, renamed over, reached
// by symbolic links that are swapped (the ..data of a Kubernetes ConfigMap), deleted and made again, also with their
// folders.
//
// By inotify(7): each file is watched, and each folder on the way to it, links resolved, for the names that lead there.
// It tells "may have": compare contents. Changes made on another machine to a network file system are not seen.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "io/inotify.hpp"
#include "io/io_error.hpp"

namespace belfry::io {

/// Loop thread only; destroyed before the loop ends. One task at a time may await its members.
class FileWatch {
 public:
  /// Paths are looked up on `pool`, so that a slow disk or file server never holds the loop; it must outlive *this.
  /// Throws IoError: EMFILE when the user has too many inotify instances (fs.inotify.max_user_instances).
  explicit FileWatch(async::ThreadPool& pool);
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// Watches these files from now on, and no others. They need not exist; relative paths start at the current folder.
  /// What changes after this has returned is told by changed(), so read the files after it, not before. Cancellation:
  /// what is watched is complete or is made so by the next changed().
  async::Task<> follow(const std::vector<std::filesystem::path>& files);

  /// Returns when one of the files may have changed since follow(), or since the last return: many changes count as
  /// one. A file that is replaced by itself, or whose permissions change, counts as well. What is changed after it has
  /// returned is told by the next call. Cancellation: no change is lost.
  async::Task<> changed();

  /// What the kernel would not let us watch, and on which a change could therefore be overlooked: EACCES for a folder
  /// that may not be read, ENOSPC when the user watches too much (fs.inotify.max_user_watches). As of the last follow()
  /// or changed().
  const std::vector<IoError>& blind_spots() const noexcept { return blind_spots_; }

 private:
  /// What one inotify watch is for: a file, or a folder with the names in it that matter.
  struct Watched {
    bool file = false;
    std::set<std::string, std::less<>> names;
  };
  /// By watch descriptor.
  using Watches = std::map<int, Watched>;
  struct Laid {
    Watches watches;
    std::vector<IoError> blind_spots;
  };
  class Layer;

  async::Task<> lay();
  bool take_events();
  bool concerns_us(int watch, std::uint32_t mask, std::string_view name) const;

  async::ThreadPool& pool_;
  Inotify inotify_;
  std::vector<std::filesystem::path> files_;  // absolute
  Watches watches_;
  std::vector<IoError> blind_spots_;
  bool stale_ = false;  // something changed, and the watches are still to be laid anew
};

}  // namespace belfry::io
