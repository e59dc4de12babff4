// Folder: an open folder, and what is done to the names in it by its descriptor. Whoever swaps a folder on the way for
// a symbolic link meanwhile leads nothing astray. Blocking: for a thread pool. One thread at a time.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.hpp"

namespace belfry::jobs {

/// Every member throws io::IoError with the path and the operation.
class Folder {
 public:
  /// Follows the links of `path`: it is what somebody wrote down.
  static Folder open(const std::string& path);
  /// The same; none if there is no such folder (ENOENT, ENOTDIR).
  static std::optional<Folder> open_if_there(const std::string& path);

  /// The folder of that name in this one, never by a symbolic link. None: there is no folder of that name.
  std::optional<Folder> below(const std::string& name) const;
  /// The folder at a relative path such as "a/b" ("": this one again), made where it is missing if `make` (with
  /// `made` called for each), never by a symbolic link.
  Folder at(std::string_view relative, bool make, const std::function<void(const Folder&)>& made = {}) const;

  const std::string& path() const noexcept { return path_; }
  std::string path_of(std::string_view name) const;  ///< for messages
  int fd() const noexcept { return fd_.get(); }

  /// lstat(2) of a name; none if there is nothing.
  std::optional<struct ::stat> look(const std::string& name) const;
  struct ::stat status() const;
  /// Opens a file, never by a symbolic link; O_CLOEXEC and O_NONBLOCK are added (a FIFO must not hold a thread).
  io::Fd open_file(const std::string& name, int flags = 0) const;
  void make(const std::string& name, mode_t mode = 0777) const;
  void remove(const std::string& name) const;         ///< a file or a link
  void remove_folder(const std::string& name) const;  ///< an empty one
  std::string link_target(const std::string& name) const;
  /// Makes renames and removals in it durable.
  void sync() const;

  /// Calls `visit` with each name but . and .., in no order, and with its type as the file system tells it (DT_UNKNOWN:
  /// it does not). What is made or removed meanwhile may be seen or not.
  void each(const std::function<void(const char* name, unsigned char type)>& visit) const;
  bool is_empty() const;

 private:
  Folder(io::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  io::Fd fd_;
  std::string path_;
};

/// Removes what is in the folder of that name, and the folder, never through a link. `check` is called before each
/// removal and may throw.
void remove_tree(const Folder& parent, const std::string& name, const std::function<void()>& check);

/// How deep trees are walked: each level holds a descriptor.
inline constexpr int most_levels = 256;

}  // namespace belfry::jobs
