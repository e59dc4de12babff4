// The journal's own protocol: one datagram for each record, with its fields (systemd.io/JOURNAL_NATIVE_PROTOCOL).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/fd.hpp"

namespace belfry::io {

/// Where journald listens.
inline constexpr const char* journal_socket = "/run/systemd/journal/socket";

/// Adds a field to the datagram `record`; `name`: capitals, digits and _, letters are made capitals. Text of others
/// cannot break out of its field. A field that would make the record longer than 16 KiB is left out: a datagram holds
/// that much by any sysctl, so no memfd is needed. Any thread.
void add_journal_field(std::string& record, std::string_view name, std::string_view value);

enum class JournalSent : std::uint8_t {
  yes,
  no,          ///< nobody listens
  not_in_time  ///< there was no room within the patience
};

/// A connection that does not block. One thread.
class JournalConnection {
 public:
  /// Not connected yet.
  explicit JournalConnection(std::string path) : path_(std::move(path)) {}

  /// False: nobody listens there.
  bool connect();

  /// Waits for room, but never longer than `patience`. Connects again if journald was started anew.
  JournalSent send(const std::string& record, std::chrono::milliseconds patience);

 private:
  std::string path_;
  Fd socket_;
};

}  // namespace belfry::io
