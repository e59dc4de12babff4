// The file system as awaitables: libuv's pool does the calls, never the loop's thread.
//
// Every function resumes on the loop and throws IoError with the path and the operation. Cancellation: a call that has
// not begun is withdrawn; one that runs is waited for, and if it succeeded its result stands. Loop thread only.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "io/fd.hpp"
#include "io/io_error.hpp"

namespace belfry::io::fs {

using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// How much a file system holds, in bytes.
struct Space {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;  ///< to ordinary users: without what is reserved for root
};

enum class FileType : std::uint8_t { regular, folder, link, other, unknown };

struct Stat {
  FileType type = FileType::unknown;
  mode_t mode = 0;  ///< permission bits, 07777
  uid_t owner = 0;
  gid_t group = 0;
  std::uint64_t size = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileTime accessed;
  FileTime modified;
};

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::unknown;  ///< not all file systems tell
};

async::Task<Stat> stat(std::string path);                           ///< follows symbolic links
async::Task<Stat> lstat(std::string path);                          ///< does not
async::Task<bool> exists(std::string path);                         ///< lstat() without an error for ENOENT and ENOTDIR
async::Task<std::vector<DirectoryEntry>> list(std::string folder);  ///< without . and .., in no order
async::Task<std::string> real_path(std::string path);
async::Task<std::string> read_link(std::string path);

/// Of the file system that `path` is on (statvfs(3)). Cancellation: lets go of the call at once, though a dead file
/// server may keep its thread; until that comes back, the same path is refused with ETIMEDOUT, so that it takes one
/// thread only.
async::Task<Space> space(std::string path);

async::Task<> rename(std::string from, std::string to);
async::Task<> link(std::string from, std::string to);  ///< a hard link; fails with EEXIST
async::Task<> unlink(std::string path);
async::Task<> symlink(std::string target, std::string path);
async::Task<> make_folder(std::string path, mode_t mode = 0777);
async::Task<> make_folders(std::string path, mode_t mode = 0777);     ///< parents too; existing ones are fine
async::Task<> remove_folder(std::string path);                        ///< an empty one
async::Task<> set_owner(std::string path, uid_t owner, gid_t group);  ///< of a link itself

/// An open file; `path` is for messages. Closing happens on the pool by close(), else by the destructor where it
/// stands.
class File {
 public:
  /// open(2); O_CLOEXEC is added.
  static async::Task<File> open(std::string path, int flags, mode_t mode = 0666);
  /// A new file of mode 0600 in the folder of `beside`, with a name that starts like it; path() tells.
  static async::Task<File> temporary(std::string beside);

  const std::string& path() const noexcept { return path_; }

  async::Task<Stat> stat();
  /// At most `limit` bytes from `offset`; empty at the end of the file.
  async::Task<std::string> read(std::uint64_t offset, std::size_t limit);
  /// All of it, at `offset` (the end with O_APPEND).
  async::Task<> write(std::string bytes, std::uint64_t offset);
  /// Copies `length` bytes from the offset of `from` to the end of what this file was given so far, within the kernel
  /// (copy_file_range or sendfile). Returns how many, 0 at the end.
  async::Task<std::uint64_t> append_from(File& from, std::uint64_t offset, std::uint64_t length);
  async::Task<> sync();
  async::Task<> set_mode(mode_t mode);
  async::Task<> set_owner(uid_t owner, gid_t group);
  async::Task<> set_times(FileTime accessed, FileTime modified);
  async::Task<> close();

 private:
  File(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::string path_;
};

/// Makes renames and removals in a folder durable (fsync of the folder).
async::Task<> sync_folder(std::string folder);

}  // namespace belfry::io::fs
