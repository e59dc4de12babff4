#include "daemon/control/unix_listener.hpp"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace belfry::daemon {

namespace {

constexpr int kBacklog = 64;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw ListenError("control socket " + path.string() + ": " + why);
}

[[noreturn]] void fail_errno(const std::filesystem::path& path, const char* what) {
  fail(path, std::string(what) + ": " + std::strerror(errno));
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    fail(path, "the path is longer than the " + std::to_string(sizeof address.sun_path - 1) +
                   " bytes that a socket may have; choose a shorter one with --socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

/// Whether somebody listens there.
bool is_answered(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;  // cannot tell: hands off
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = result != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return !refused;
}

bool is_bound_to(int fd, const sockaddr_un& address) {
  sockaddr_un bound{};
  socklen_t size = sizeof bound;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 && bound.sun_family == AF_UNIX &&
         std::strcmp(bound.sun_path, address.sun_path) == 0;
}

void clear_the_way(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat file{};
  if (::lstat(path.c_str(), &file) != 0) return;
  if (!S_ISSOCK(file.st_mode)) fail(path, "there is a file of that name which is not a socket; move it away");
  if (is_answered(address)) fail(path, "another belfryd listens there; stop it, or give this one its own --socket");
  ::unlink(path.c_str());
}

std::string user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(uid);
}

Peer peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return {.uid = credentials.uid, .pid = credentials.pid, .name = user_name(credentials.uid)};
}

}  // namespace

UnixListener::UnixListener(std::filesystem::path path, mode_t mode, int inherited) : path_(std::move(path)) {
  const sockaddr_un address = address_of(path_);
  if (inherited >= 0 && is_bound_to(inherited, address)) {
    fd_ = inherited;
    ::chmod(path_.c_str(), mode);
    return;
  }
  if (inherited >= 0) ::close(inherited);
  clear_the_way(path_, address);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) fail_errno(path_, "cannot create a socket");
  try {
    // Linux gives the file the mode that the socket has before bind(): there is no moment at which it is open to
    // others.
    if (::fchmod(fd_, mode) != 0) fail_errno(path_, "cannot set its mode");
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail_errno(path_, "cannot bind");
    if (::chmod(path_.c_str(), mode) != 0) fail_errno(path_, "cannot set its mode");  // what the umask took away
    if (::listen(fd_, kBacklog) != 0) fail_errno(path_, "cannot listen");
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

UnixListener::~UnixListener() {
  ::unlink(path_.c_str());
  ::close(fd_);
}

std::optional<UnixListener::Accepted> UnixListener::accept() const {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return std::nullopt;
  return Accepted{.fd = fd, .peer = peer_of(fd)};
}

}  // namespace belfry::daemon
