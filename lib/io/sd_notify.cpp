#include "io/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <system_error>

namespace belfry::io {

namespace {

std::optional<long long> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  const char* const end = text + std::strlen(text);
  long long value = 0;
  const auto [next, error] = std::from_chars(text, end, value);
  if (error != std::errc() || next != end || value <= 0) return std::nullopt;
  return value;
}

std::optional<std::chrono::microseconds> watchdog_asked() {
  const auto interval = number(std::getenv("WATCHDOG_USEC"));
  if (!interval) return std::nullopt;
  const char* const pid = std::getenv("WATCHDOG_PID");
  if (pid != nullptr && number(pid) != static_cast<long long>(::getpid())) return std::nullopt;
  return std::chrono::microseconds(*interval);
}

Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || (path[0] != '/' && path[0] != '@') || path.size() >= sizeof address.sun_path) {
    throw std::system_error(EINVAL, std::generic_category(), "NOTIFY_SOCKET=" + path);
  }
  std::ranges::copy(path, address.sun_path);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace: the length counts, no final zero
  const auto length = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '/' ? 1 : 0);
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)) != 0) {
    throw std::system_error(errno, std::generic_category(), "NOTIFY_SOCKET=" + path);
  }
  return socket;
}

std::string with_status(std::string_view state, std::string_view status) {
  std::string message(state);
  if (!status.empty()) message.append("\nSTATUS=").append(status.substr(0, status.find('\n')));
  return message;
}

}  // namespace

Notifier Notifier::from_environment() {
  Notifier notifier;
  if (const char* path = std::getenv("NOTIFY_SOCKET")) {
    notifier.socket_ = connect_to(path);
    notifier.watchdog_interval_ = watchdog_asked();
  }
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  return notifier;
}

bool Notifier::ready(std::string_view status) const { return send(with_status("READY=1", status)); }

bool Notifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const long long microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

bool Notifier::stopping(std::string_view status) const { return send(with_status("STOPPING=1", status)); }

bool Notifier::watchdog() const { return send("WATCHDOG=1"); }

bool Notifier::status(std::string_view text) const {
  return send("STATUS=" + std::string(text.substr(0, text.find('\n'))));
}

bool Notifier::send(std::string_view state) const {
  if (!socket_) return false;
  return ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(state.size());
}

}  // namespace belfry::io
