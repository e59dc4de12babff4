#include "observe/journal_output.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace belfry::observe {

namespace {

constexpr std::size_t kLongestRecord = 16384;

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (out.size() + name.size() + value.size() > kLongestRecord) return;
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (value.find('\n') == std::string_view::npos) {
    out += '=';
  } else {  // its length instead, as 64 bits, the lowest first
    out += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8)
      out += static_cast<char>(std::uint64_t{value.size()} >> shift & 0xFFU);
  }
  out += value;
  out += '\n';
}

}  // namespace

std::string journal_record(const LogRecord& record) {
  std::string out;
  append_field(out, "MESSAGE", plain_text(record));
  append_field(out, "PRIORITY", std::to_string(syslog_priority(record.level)));
  append_field(out, "SYSLOG_IDENTIFIER", ::program_invocation_short_name);
  for (const LogField& field : record.fields) {
    const auto* const text = std::get_if<std::string>(&field.value);
    append_field(out, field.name, text != nullptr ? *text : plain_text(field.value));
  }
  return out;
}

std::unique_ptr<JournalOutput> JournalOutput::connect(std::string path) {
  std::unique_ptr<JournalOutput> output(new JournalOutput(std::move(path)));
  return output->connect() ? std::move(output) : nullptr;
}

JournalOutput::~JournalOutput() {
  if (fd_ >= 0) ::close(fd_);
}

/// Connected, although each datagram could name its receiver: only so does poll(2) tell that there is room in its
/// queue.
bool JournalOutput::connect() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (fd_ < 0 || path_.size() >= sizeof where.sun_path) return false;
  std::ranges::copy(path_, std::begin(where.sun_path));
  return ::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

Written JournalOutput::write(const std::string& record, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + patience;
  bool connected_again = false;
  for (;;) {
    if (::send(fd_, record.data(), record.size(), MSG_NOSIGNAL) >= 0) return Written::yes;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) return Written::not_in_time;
      continue;
    }
    if (connected_again || !connect()) return Written::no;
    connected_again = true;
  }
}

}  // namespace belfry::observe
