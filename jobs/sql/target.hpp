// Target: which database an sql action talks to, and as whom; read from a URL.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace belfry::jobs::sql {

enum class System : std::uint8_t { postgresql, mariadb, sqlite };

struct Target {
  System system = System::sqlite;
  std::string host;        ///< a name or an address; empty: the local socket
  std::uint16_t port = 0;  ///< 0: the usual one
  std::string user;        ///< empty: whom the client library takes, the user of belfryd
  std::string password;
  std::string database;                        ///< its name; of SQLite the absolute path of the file
  std::map<std::string, std::string> options;  ///< "sslmode" and others, of those that the system has
  std::chrono::nanoseconds lock_timeout{};     ///< of SQLite: how long it waits for the lock of another

  /// For messages: "postgresql://host/database"; no user, no options, no password.
  std::string shown() const;

  friend auto operator<=>(const Target&, const Target&) = default;
};

/// postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE (or postgres), mariadb://... (or mysql), sqlite:PATH?mode=rwc.
/// Parts are percent-decoded; a path is relative to `folder`. The error is a sentence that quotes none of it. Pure.
std::expected<Target, std::string> parse_target(std::string_view url, const std::filesystem::path& folder);

}  // namespace belfry::jobs::sql
