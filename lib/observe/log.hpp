// The daemon's log: text on a terminal, the journal's own fields under journald, JSON lines otherwise. Job output never
// goes here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "observe/journal_output.hpp"
#include "observe/log_format.hpp"

namespace spdlog {
class logger;
}

namespace belfry::observe {

class LogWriter;

struct LogOptions {
  int fd = 2;                                ///< not owned
  LogLevel level = LogLevel::info;           ///< less than this is not logged
  std::optional<LogFormat> format;           ///< none: by what `fd` is, see detect_format
  std::string journal = io::journal_socket;  ///< where journald listens
  std::size_t capacity = 4096;               ///< lines that may wait to be written; beyond, the oldest are dropped
  std::function<std::chrono::sys_time<std::chrono::nanoseconds>()> wall_now = std::chrono::system_clock::now;
};

/// journal when JOURNAL_STREAM names the device and inode of `fd` (systemd.exec(5)); text on a terminal, in colour
/// unless NO_COLOR is set or TERM is dumb; otherwise json.
LogFormat detect_format(int fd);

/// With LogFormat::journal, if `fd` is the journal's and it listens at LogOptions::journal, records go there as
/// datagrams (journal_output.hpp), else to `fd` as lines with a priority.
///
/// Any thread. Logging never waits for the output: lines queue up, and the oldest are dropped and counted.
class Log {
 public:
  explicit Log(LogOptions options = {});
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  void debug(std::string_view message, const LogFields& fields = {}) { write(LogLevel::debug, message, fields); }
  void info(std::string_view message, const LogFields& fields = {}) { write(LogLevel::info, message, fields); }
  void warning(std::string_view message, const LogFields& fields = {}) { write(LogLevel::warning, message, fields); }
  void error(std::string_view message, const LogFields& fields = {}) { write(LogLevel::error, message, fields); }

  void write(LogLevel level, std::string_view message, const LogFields& fields);
  void set_level(LogLevel level) noexcept;
  bool enabled(LogLevel level) const noexcept;

  /// Waits until all lines logged before are written. For tests and for the end of the program, not for the loop.
  void flush();

  /// Lines that were never written, because the queue was full or nobody read.
  std::uint64_t dropped() const noexcept;

 private:
  std::string formatted(const LogRecord& record) const;

  LogOptions options_;
  LogFormat format_;
  bool native_ = false;  // by the journal's own protocol
  std::unique_ptr<LogWriter> writer_;
  std::shared_ptr<spdlog::logger> logger_;  // after its writer
};

}  // namespace belfry::observe
