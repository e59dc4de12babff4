#include "jobs/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <vector>

#include "io/io_error.hpp"

namespace belfry::jobs {

namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

bool is_absence(int error) { return error == ENOENT || error == ENOTDIR; }

}  // namespace

std::optional<Folder> Folder::open_if_there(const std::string& path) {
  io::Fd fd(::open(path.c_str(), folder_flags));
  if (fd) return Folder(std::move(fd), path);
  if (!is_absence(errno)) throw io::IoError(errno, "open the folder", path);
  return std::nullopt;
}

Folder Folder::open(const std::string& path) {
  io::Fd fd(::open(path.c_str(), folder_flags));
  if (!fd) throw io::IoError(errno, "open the folder", path);
  return {std::move(fd), path};
}

std::optional<Folder> Folder::below(const std::string& name) const {
  io::Fd fd(::openat(fd_.get(), name.c_str(), folder_flags | O_NOFOLLOW));
  if (fd) return Folder(std::move(fd), path_of(name));
  if (!is_absence(errno) && errno != ELOOP) throw io::IoError(errno, "open the folder", path_of(name));
  return std::nullopt;
}

Folder Folder::at(std::string_view relative, bool make_missing, const std::function<void(const Folder&)>& made) const {
  io::Fd same(::openat(fd_.get(), ".", folder_flags));
  if (!same) throw io::IoError(errno, "open the folder", path_);
  Folder here(std::move(same), path_);
  while (!relative.empty()) {
    const auto slash = relative.find('/');
    const std::string name(relative.substr(0, slash));
    relative = slash == std::string_view::npos ? "" : relative.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    auto next = name == ".." ? std::nullopt : here.below(name);
    if (!next && make_missing && name != ".." && !here.look(name)) {
      here.make(name);
      if (made) made(here);
      next = here.below(name);
    }
    if (!next) throw io::IoError(ENOTDIR, "go into", here.path_of(name));
    here = std::move(*next);
  }
  return here;
}

std::string Folder::path_of(std::string_view name) const {
  return path_.ends_with('/') ? path_ + std::string(name) : path_ + "/" + std::string(name);
}

std::optional<struct ::stat> Folder::look(const std::string& name) const {
  struct ::stat status{};
  if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (!is_absence(errno)) throw io::IoError(errno, "stat", path_of(name));
  return std::nullopt;
}

struct ::stat Folder::status() const {
  struct ::stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw io::IoError(errno, "stat", path_);
  return status;
}

io::Fd Folder::open_file(const std::string& name, int flags) const {
  io::Fd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
  if (!fd) throw io::IoError(errno, "open", path_of(name));
  return fd;
}

void Folder::make(const std::string& name, mode_t mode) const {
  if (::mkdirat(fd_.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    throw io::IoError(errno, "make the folder", path_of(name));
  }
}

void Folder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) throw io::IoError(errno, "remove", path_of(name));
}

void Folder::remove_folder(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) != 0) {
    throw io::IoError(errno, "remove the folder", path_of(name));
  }
}

std::string Folder::link_target(const std::string& name) const {
  std::array<char, PATH_MAX + 1> target;
  const ssize_t length = ::readlinkat(fd_.get(), name.c_str(), target.data(), target.size());
  if (length < 0) throw io::IoError(errno, "read the link", path_of(name));
  return {target.data(), static_cast<std::size_t>(length)};
}

void Folder::sync() const {
  // Some file systems know no fsync of a folder, and need none.
  if (::fsync(fd_.get()) != 0 && errno != EINVAL) throw io::IoError(errno, "fsync the folder", path_);
}

void Folder::each(const std::function<void(const char*, unsigned char)>& visit) const {
  // A descriptor of its own: where it stands is nobody else's.
  io::Fd reading(::openat(fd_.get(), ".", folder_flags));
  if (!reading) throw io::IoError(errno, "open the folder", path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(reading.get()), &::closedir);
  if (!open) throw io::IoError(errno, "list", path_);
  static_cast<void>(reading.release());
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") visit(entry->d_name, entry->d_type);
  }
  if (errno != 0) throw io::IoError(errno, "list", path_);
}

bool Folder::is_empty() const {
  bool empty = true;
  each([&](const char*, unsigned char) { empty = false; });
  return empty;
}

namespace {

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, and no deeper than most_levels
void remove_content(const Folder& folder, const std::function<void()>& check, int level) {
  if (level > most_levels) throw io::IoError(ELOOP, "go deeper than 256 folders into", folder.path());
  // Of a folder that its owner may not write into, only root could remove anything.
  if (const mode_t mode = folder.status().st_mode & 07777U; (mode & 0300U) != 0300U) {
    static_cast<void>(::fchmod(folder.fd(), mode | 0300U));  // not ours: the removal says so
  }
  std::vector<std::string> folders;
  folder.each([&](const char* name, unsigned char type) {
    check();
    bool is_folder = type == DT_DIR;
    if (type == DT_UNKNOWN) {
      const auto status = folder.look(name);
      is_folder = status && S_ISDIR(status->st_mode);
    }
    if (is_folder) {
      folders.emplace_back(name);
    } else {
      folder.remove(name);
    }
  });
  for (const auto& name : folders) {
    const auto inner = folder.below(name);
    if (inner) remove_content(*inner, check, level + 1);
    check();
    folder.remove_folder(name);
  }
}

}  // namespace

void remove_tree(const Folder& parent, const std::string& name, const std::function<void()>& check) {
  const auto folder = parent.below(name);
  if (!folder) throw io::IoError(ENOTDIR, "remove the folder", parent.path_of(name));
  remove_content(*folder, check, 0);
  check();
  parent.remove_folder(name);
}

}  // namespace belfry::jobs
