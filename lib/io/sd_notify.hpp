// Tells systemd how the daemon is: sd_notify(3), by hand.
//
// One datagram to the Unix socket in NOTIFY_SOCKET; libsystemd would bring six libraries for it. Any thread; no call
// blocks: a datagram that does not fit into the socket's buffer is dropped and reported by the return value.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "io/fd.hpp"

namespace belfry::io {

class Notifier {
 public:
  /// Takes NOTIFY_SOCKET ("/path" or "@abstract") and WATCHDOG_USEC from the environment and removes them, so that no
  /// job inherits them. Without NOTIFY_SOCKET every call below does nothing and returns false. Throws std::system_error
  /// for a socket that cannot be used. REQUIRES: no other thread uses the environment (setenv(3)).
  static Notifier from_environment();

  /// The service is up (Type=notify), or a reload is done. `status` is shown by `systemctl status`.
  bool ready(std::string_view status = {}) const;

  /// A reload begins; MONOTONIC_USEC is included, as Type=notify-reload needs. ready() ends it.
  bool reloading() const;

  bool stopping(std::string_view status = {}) const;
  bool watchdog() const;                     ///< still alive
  bool status(std::string_view text) const;  ///< one line for `systemctl status`
  bool send(std::string_view state) const;   ///< "NAME=value" lines as they are

  /// How often systemd wants to hear watchdog(), when it asks this process (WATCHDOG_PID); send at half of it.
  std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return watchdog_interval_; }

 private:
  Fd socket_;
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

}  // namespace belfry::io
