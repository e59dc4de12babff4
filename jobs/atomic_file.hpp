// AtomicFile: a file that appears under its name whole or not at all. Blocking: for a thread pool.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "io/fd.hpp"
#include "jobs/folder.hpp"

namespace belfry::jobs {

/// What commit() is to do besides.
struct CommitOptions {
  bool overwrite = true;    ///< false: an existing target is an error
  bool sync = true;         ///< fsync of the file: its content outlives a power cut
  bool sync_folder = true;  ///< fsync of the folder: its name does
};

/// Writes to a temporary file in the folder of the target; commit() moves it into place. Without commit() nothing
/// remains. Every member throws io::IoError, and check_target()'s error where the target must not be replaced.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& target);
  /// The same of a name in a folder, which must outlive *this.
  AtomicFile(const Folder& folder, std::string name);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const char> bytes);
  int fd() const noexcept { return file_.get(); }
  std::string path() const { return folder_.path_of(name_); }  ///< of the target

  /// Gives it the mode and the times of `like`, and the owner as far as this process may; where it may not, set-user-ID
  /// and set-group-ID are left out, which would be another user's.
  void imitate(const struct ::stat& like);

  /// Without imitate() or this the mode is 0600.
  void set_mode(mode_t mode);

  /// check_target() once more, fsync, rename to the target, fsync of the folder.
  void commit(const CommitOptions& options = {});

 private:
  void create();
  void place(bool overwrite);

  std::optional<Folder> own_folder_;
  const Folder& folder_;
  std::string name_;
  std::string temporary_;
  io::Fd file_;
};

/// A rename over a device, a FIFO, a socket or a folder would destroy what is no file, or fail late: throws
/// std::runtime_error with a whole sentence if one of them, or a link to one, has that name; io::IoError where that
/// cannot be found out. Nothing, a regular file and a link to one or to nothing may be replaced. Blocking.
void check_target(const Folder& folder, const std::string& name);
void check_target(const std::string& target);

/// That sentence, for those who look by other means.
std::string refused_target(const std::string& target, bool folder);

/// The folder part of a path: "." where there is none.
std::string folder_of(const std::string& path);
/// The rest of it.
std::string name_of(const std::string& path);

/// A name for what is being made, which nobody else has: "NAME.belfry-a1b2c3", with a long NAME cut.
std::string temporary_name(std::string_view name);

/// Moves `from` to `to` in other folders, or fails with EEXIST if there is something.
void rename_to_new(const Folder& from_folder, const std::string& from, const Folder& to_folder, const std::string& to);

/// Makes a rename in the folder durable. Throws io::IoError.
void sync_folder(const std::string& folder);

}  // namespace belfry::jobs
