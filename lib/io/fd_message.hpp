// Messages of a Unix socket that carry descriptors (SCM_RIGHTS, unix(7)). Header only: the static belfry-exec uses it
// too.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

namespace belfry::io {

inline constexpr std::size_t most_message_fds = 64;

/// Sends bytes, with at most 64 descriptors beside the first one, as sendmsg(2) does; never raises SIGPIPE, and goes on
/// after a signal. Returns how many bytes were sent; -1: errno says why.
inline ssize_t send_fds(int socket, const void* bytes, std::size_t count, std::span<const int> fds,
                        int flags = 0) noexcept {
  iovec piece{const_cast<void*>(bytes), count};  // sendmsg only reads it
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_message_fds * sizeof(int))> control{};
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

/// What came. The descriptors, close-on-exec, are the receiver's to close.
struct ReceivedFds {
  ssize_t bytes = 0;  ///< 0: the other side has closed; -1: errno says why
  std::size_t count = 0;
  std::array<int, most_message_fds> fds{};
};

/// Receives at most `count` bytes and what came beside them, as recvmsg(2) does; goes on after a signal. Descriptors
/// for which this process has no place (EMFILE) are lost.
inline ReceivedFds receive_fds(int socket, void* into, std::size_t count, int flags = 0) noexcept {
  ReceivedFds received;
  iovec piece{into, count};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_message_fds * sizeof(int))> control{};
  msghdr message{};
  do {
    message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    received.bytes = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  } while (received.bytes < 0 && errno == EINTR);
  if (received.bytes < 0) return received;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t came = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::memcpy(received.fds.data() + received.count, CMSG_DATA(part), came * sizeof(int));
    received.count += came;
  }
  return received;
}

}  // namespace belfry::io
