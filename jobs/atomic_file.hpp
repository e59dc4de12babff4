// AtomicFile: a file that appears under its name whole or not at all. Blocking: for a thread pool.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <span>
#include <string>

#include "io/fd.hpp"

namespace belfry::jobs {

/// Writes to a temporary file in the folder of `target`; commit() moves it into place. Without commit() nothing
/// remains. Every member throws io::IoError, and check_target()'s error where the target must not be replaced.
class AtomicFile {
 public:
  explicit AtomicFile(std::string target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const char> bytes);

  /// Gives it the mode and the times of `like`, and the owner as far as this process may.
  void imitate(const struct ::stat& like);

  /// Without imitate() or this the mode is 0600.
  void set_mode(mode_t mode);

  /// check_target() once more, fsync, rename to the target, fsync of the folder.
  void commit();

 private:
  std::string target_;
  std::string temporary_;
  io::Fd file_;
};

/// A rename over a device, a FIFO, a socket or a folder would destroy what is no file, or fail late: throws
/// std::runtime_error with a whole sentence if one of them, or a link to one, has the name `target`; io::IoError where
/// that cannot be found out. Nothing, a regular file and a link to one or to nothing may be replaced. Blocking.
void check_target(const std::string& target);

/// That sentence, for those who look by other means.
std::string refused_target(const std::string& target, bool folder);

/// The folder part of a path: "." where there is none.
std::string folder_of(const std::string& path);

/// Makes a rename in the folder durable. Throws io::IoError.
void sync_folder(const std::string& folder);

}  // namespace belfry::jobs
