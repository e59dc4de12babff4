#include "io/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "io/io_error.hpp"

namespace belfry::io {
namespace {

Fd open_inotify() {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) throw IoError(errno, "watch", "files");
  return fd;
}

}  // namespace

Inotify::Inotify() : fd_(open_inotify()), watcher_(fd_.get()) {}

int Inotify::add(const std::string& path, std::uint32_t mask) const noexcept {
  const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
  return watch >= 0 ? watch : -errno;
}

void Inotify::remove(int watch) const noexcept { ::inotify_rm_watch(fd_.get(), watch); }

bool Inotify::take(const std::function<void(const Event&)>& each) const {
  alignas(inotify_event) std::array<char, std::size_t{16} << 10U> buffer;
  const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < got;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* const name = event.len > 0 ? buffer.data() + at + sizeof event : "";  // padded with NULs
    each({.watch = event.wd, .mask = event.mask, .name = name});
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  return got > 0;
}

std::string inotify_advice(int error) {
  if (error == EMFILE) return "raise fs.inotify.max_user_instances (sysctl)";
  if (error == ENOSPC) return "raise fs.inotify.max_user_watches (sysctl)";
  if (error == EACCES) return "let belfryd read the folder";
  return "";
}

}  // namespace belfry::io
