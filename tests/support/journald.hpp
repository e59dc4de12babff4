// A journald that only receives.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::test {

using JournalFields = std::map<std::string, std::string>;

/// Reads a datagram as journald does.
inline JournalFields parse_journal(std::string_view datagram) {
  JournalFields record;
  while (!datagram.empty()) {
    const std::size_t line_end = datagram.find('\n');
    REQUIRE(line_end != std::string_view::npos);
    const std::string_view line = datagram.substr(0, line_end);
    datagram.remove_prefix(line_end + 1);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      record.emplace(line.substr(0, equals), line.substr(equals + 1));
      continue;
    }
    REQUIRE(datagram.size() >= 8);
    std::uint64_t size = 0;
    for (unsigned i = 0; i < 8; ++i) size |= std::uint64_t{static_cast<unsigned char>(datagram[i])} << 8 * i;
    REQUIRE(datagram.size() > 8 + size);
    record.emplace(line, datagram.substr(8, size));
    REQUIRE(datagram[8 + size] == '\n');
    datagram.remove_prefix(8 + size + 1);
  }
  return record;
}

class Journald {
 public:
  explicit Journald(const std::filesystem::path& path) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::ranges::copy(path.string(), std::begin(where.sun_path));
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  }
  Journald(const Journald&) = delete;
  Journald& operator=(const Journald&) = delete;
  ~Journald() { ::close(fd_); }

  /// The next record, or nothing when there is none now.
  std::optional<JournalFields> receive() const { return receive(MSG_DONTWAIT); }

  /// The next record, when there is one.
  JournalFields wait() const { return receive(0).value(); }

 private:
  std::optional<JournalFields> receive(int flags) const {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), flags);
    if (got < 0) return std::nullopt;
    return parse_journal({buffer.data(), static_cast<std::size_t>(got)});
  }

  int fd_ = -1;
};

}  // namespace belfry::test
