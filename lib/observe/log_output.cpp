#include "observe/log_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace belfry::observe {

/// A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)), so the pieces are no longer than that.
Written StreamOutput::write(const std::string& record, std::chrono::milliseconds patience) {
  std::size_t done = 0;
  while (done < record.size()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int found = ::poll(&ready, 1, static_cast<int>(patience.count()));
    if (found < 0 && errno == EINTR) continue;
    if (found <= 0) return Written::not_in_time;
    const ssize_t written = ::write(fd_, record.data() + done, std::min<std::size_t>(record.size() - done, PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return Written::no;
    done += static_cast<std::size_t>(written);
  }
  return Written::yes;
}

}  // namespace belfry::observe
