// What the file says about the daemon itself. Plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ledger/durability.hpp"
#include "time/wall_time.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { automatic, text, json, journal };

/// Where the metrics are served.
struct MetricsAddress {
  std::string host;  ///< as written: "127.0.0.1", "[::1]", "localhost"
  std::uint16_t port = 0;
  std::string text() const { return host + ":" + std::to_string(port); }
};

/// How much of the past the ledger keeps; totals stay.
struct History {
  time::Duration keep_for = std::chrono::days{90};
  std::size_t keep_runs = 1000;                                    ///< of each job
  std::size_t keep_slots = 1000;                                   ///< of each job
  std::size_t keep_outputs = 200;                                  ///< of each job
  std::uint64_t keep_output_size = std::uint64_t{64} << 20U;       ///< bytes, of each job
  std::uint64_t keep_total_output_size = std::uint64_t{1} << 30U;  ///< bytes, of all jobs
  bool operator==(const History&) const = default;
};

/// How the ledger is kept.
struct Store {
  ledger::Durability durability = ledger::Durability::full;
  bool operator==(const Store&) const = default;
};

/// Relative paths of the file are already resolved against its folder.
struct Settings {
  std::filesystem::path state_dir = "/var/lib/belfry";
  std::filesystem::path socket;                                               ///< empty: belfry.sock in state_dir
  std::optional<MetricsAddress> metrics = MetricsAddress{"127.0.0.1", 9640};  ///< none: off
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::automatic;
  time::Duration shutdown_timeout = std::chrono::seconds{30};
  int threads = 4;
  bool watch_config = true;
  History history;
  Store store;
  time::Zone timezone;
};

/// "ADDRESS:PORT" (an IPv6 address in brackets), or nothing. Also for the command line's --metrics.
std::optional<MetricsAddress> parse_metrics_address(std::string_view text);

}  // namespace belfry::daemon
