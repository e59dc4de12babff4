// The listening end of the control socket. Any one thread at a time.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "daemon/control/http.hpp"

namespace belfry::daemon {

/// The socket cannot be had; what() names it and says what to do.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class UnixListener {
 public:
  struct Accepted {
    int fd = -1;  ///< owned by the caller; non-blocking, close-on-exec
    Peer peer;
  };

  /// Listens at `path`, which nobody but those that `mode` names can ever open. A socket that a dead daemon left there
  /// is replaced; one that is answered, or a file that is no socket, is not touched. Throws ListenError.
  /// `inherited`: a socket that our predecessor in this process listened with (program.hpp); it is gone on with, and
  /// whoever knocked meanwhile is answered, if it is bound to the same path; else it is closed. -1: there is none.
  UnixListener(std::filesystem::path path, mode_t mode, int inherited = -1);
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;
  ~UnixListener();  ///< removes the socket

  /// The next connection that waits, or none. Never blocks.
  std::optional<Accepted> accept() const;

  int descriptor() const noexcept { return fd_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace belfry::daemon
