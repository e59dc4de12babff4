#include "io/journal.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace belfry::io {

namespace {

constexpr std::size_t longest_record = 16384;

}  // namespace

void add_journal_field(std::string& record, std::string_view name, std::string_view value) {
  if (record.size() + name.size() + value.size() > longest_record) return;
  for (const char c : name) record += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (value.find('\n') == std::string_view::npos) {
    record += '=';
  } else {  // its length instead, as 64 bits, the lowest first
    record += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8)
      record += static_cast<char>(std::uint64_t{value.size()} >> shift & 0xFFU);
  }
  record += value;
  record += '\n';
}

/// Connected, although each datagram could name its receiver: only so does poll(2) tell that there is room in its
/// queue.
bool JournalConnection::connect() {
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (!socket_ || path_.size() >= sizeof where.sun_path) return false;
  std::ranges::copy(path_, std::begin(where.sun_path));
  return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

JournalSent JournalConnection::send(const std::string& record, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + patience;
  bool connected_again = false;
  for (;;) {
    if (::send(socket_.get(), record.data(), record.size(), MSG_NOSIGNAL) >= 0) return JournalSent::yes;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      pollfd ready{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) return JournalSent::not_in_time;
      continue;
    }
    if (connected_again || !connect()) return JournalSent::no;
    connected_again = true;
  }
}

}  // namespace belfry::io
