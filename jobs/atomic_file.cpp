#include "jobs/atomic_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

constexpr int most_tries = 100;
constexpr std::size_t longest_stem = 200;  // of a name's 255 bytes

void check_type(const std::string& target, int result, const struct ::stat& status) {
  if (result != 0) {
    if (errno == ENOENT) return;  // a link to nothing, too
    throw io::IoError(errno, "look at the target", target);
  }
  if (!S_ISREG(status.st_mode)) throw std::runtime_error(refused_target(target, S_ISDIR(status.st_mode)));
}

Folder open_folder_of(const std::string& target) {
  try {
    return Folder::open(folder_of(target));
  } catch (const io::IoError& error) {
    throw io::IoError(error.code().value(), "create a file beside", target);
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::string& target)
    : own_folder_(open_folder_of(target)), folder_(*own_folder_), name_(name_of(target)) {
  create();
}

AtomicFile::AtomicFile(const Folder& folder, std::string name) : folder_(folder), name_(std::move(name)) { create(); }

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlinkat(folder_.fd(), temporary_.c_str(), 0);
}

void AtomicFile::create() {
  check_target(folder_, name_);
  for (int tries = 0; !file_; ++tries) {
    std::string temporary = temporary_name(name_);
    file_.reset(::openat(folder_.fd(), temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file_) {
      temporary_ = std::move(temporary);
    } else if (errno != EEXIST || tries == most_tries) {
      throw io::IoError(errno, "create a file beside", path());
    }
  }
}

void AtomicFile::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw io::IoError(errno, "write", path());
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::imitate(const struct ::stat& like) {
  mode_t mode = like.st_mode & 07777U;
  if (::fchown(file_.get(), like.st_uid, like.st_gid) != 0) {
    if (errno != EPERM) throw io::IoError(errno, "chown", path());
    mode &= 01777U;
  }
  set_mode(mode);
  const std::array<timespec, 2> times{like.st_atim, like.st_mtim};
  if (::futimens(file_.get(), times.data()) != 0) throw io::IoError(errno, "set the times of", path());
}

void AtomicFile::set_mode(mode_t mode) {
  if (::fchmod(file_.get(), mode) != 0) throw io::IoError(errno, "chmod", path());
}

void AtomicFile::commit(const CommitOptions& options) {
  check_target(folder_, name_);  // once more: writing may have taken long
  if (options.sync && ::fsync(file_.get()) != 0) throw io::IoError(errno, "fsync", path());
  place(options.overwrite);
  temporary_.clear();
  if (options.sync_folder) folder_.sync();
}

void AtomicFile::place(bool overwrite) {
  if (!overwrite) {
    rename_to_new(folder_, temporary_, folder_, name_);
  } else if (::renameat(folder_.fd(), temporary_.c_str(), folder_.fd(), name_.c_str()) != 0) {
    throw io::IoError(errno, "rename a file to", path());
  }
}

void check_target(const Folder& folder, const std::string& name) {
  struct ::stat status{};
  const int result = ::fstatat(folder.fd(), name.c_str(), &status, 0);
  check_type(folder.path_of(name), result, status);
}

void check_target(const std::string& target) {
  struct ::stat status{};
  const int result = ::stat(target.c_str(), &status);
  check_type(target, result, status);
}

std::string refused_target(const std::string& target, bool folder) {
  return "cannot replace " + target + ": it is " + (folder ? "a folder" : "a device, a FIFO or a socket") +
         ", not a regular file; name another target";
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string temporary_name(std::string_view name) {
  std::array<unsigned char, 6> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    throw io::IoError(errno, "find a name beside", std::string(name));
  }
  std::size_t length = std::min(name.size(), longest_stem);
  while (length > 0 && length < name.size() && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) --length;
  std::string result(name.substr(0, length));
  result += ".belfry-";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
  for (const unsigned char byte : random) result += letters[byte & 31U];
  return result;
}

void rename_to_new(const Folder& from_folder, const std::string& from, const Folder& to_folder, const std::string& to) {
  if (::renameat2(from_folder.fd(), from.c_str(), to_folder.fd(), to.c_str(), RENAME_NOREPLACE) == 0) return;
  // Some file systems do not know the flag; link(2) fails with EEXIST as well.
  const bool unknown = errno == EINVAL || errno == ENOSYS;
  if (unknown && ::linkat(from_folder.fd(), from.c_str(), to_folder.fd(), to.c_str(), 0) == 0) {
    from_folder.remove(from);
    return;
  }
  if (errno == EEXIST) {
    throw std::runtime_error("the target " + to_folder.path_of(to) + " exists, and overwrite is false");
  }
  throw io::IoError(errno, "rename a file to", to_folder.path_of(to));
}

void sync_folder(const std::string& folder) { Folder::open(folder).sync(); }

}  // namespace belfry::jobs
