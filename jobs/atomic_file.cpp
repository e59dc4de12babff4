#include "jobs/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "io/io_error.hpp"

namespace belfry::jobs {

AtomicFile::AtomicFile(std::string target) : target_(std::move(target)), temporary_(target_ + ".belfry-XXXXXX") {
  check_target(target_);
  file_.reset(::mkostemp(temporary_.data(), O_CLOEXEC));
  if (!file_) throw io::IoError(errno, "create a file beside", target_);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw io::IoError(errno, "write", target_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::imitate(const struct ::stat& like) {
  if (::fchown(file_.get(), like.st_uid, like.st_gid) != 0 && errno != EPERM)
    throw io::IoError(errno, "chown", target_);
  set_mode(like.st_mode & 07777U);
  const std::array<timespec, 2> times{like.st_atim, like.st_mtim};
  if (::futimens(file_.get(), times.data()) != 0) throw io::IoError(errno, "set the times of", target_);
}

void AtomicFile::set_mode(mode_t mode) {
  if (::fchmod(file_.get(), mode) != 0) throw io::IoError(errno, "chmod", target_);
}

void AtomicFile::commit() {
  check_target(target_);
  if (::fsync(file_.get()) != 0) throw io::IoError(errno, "fsync", target_);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw io::IoError(errno, "rename a file to", target_);
  temporary_.clear();
  sync_folder(folder_of(target_));
}

void check_target(const std::string& target) {
  struct ::stat status{};
  if (::stat(target.c_str(), &status) != 0) {
    if (errno == ENOENT) return;  // a link to nothing, too
    throw io::IoError(errno, "look at the target", target);
  }
  if (!S_ISREG(status.st_mode)) throw std::runtime_error(refused_target(target, S_ISDIR(status.st_mode)));
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

void sync_folder(const std::string& folder) {
  const io::Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) throw io::IoError(errno, "open the folder", folder);
  // Some file systems know no fsync of a folder, and need none.
  if (::fsync(opened.get()) != 0 && errno != EINVAL) throw io::IoError(errno, "fsync the folder", folder);
}

}  // namespace belfry::jobs
