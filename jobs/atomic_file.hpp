// AtomicFile: a file that appears under its name whole or not at all. Blocking: for a thread pool.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <span>
#include <string>

#include "io/fd.hpp"

namespace belfry::jobs {

/// Writes to a temporary file in the folder of `target`; commit() moves it into place. Without commit() nothing
/// remains. Every member throws io::IoError.
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

  /// fsync, rename to the target, fsync of the folder.
  void commit();

 private:
  std::string target_;
  std::string temporary_;
  io::Fd file_;
};

/// The folder part of a path: "." where there is none.
std::string folder_of(const std::string& path);

/// Makes a rename in the folder durable. Throws io::IoError.
void sync_folder(const std::string& folder);

}  // namespace belfry::jobs
