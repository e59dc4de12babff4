// One record of the log as a line: for a terminal, as JSON, or with a priority. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace belfry::observe {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

enum class LogFormat : std::uint8_t {
  text,    ///< "2026-11-20 19:30:00.123 +0100 INFO  run ended  job=backup run=12"
  colour,  ///< the same with the level in colour
  json,    ///< one object per line: time (RFC 3339 with offset), level, message, then the fields
  journal  ///< "<6>run ended  job=backup run=12": sd-daemon(3); the journal has the time (see journal_output.hpp)
};

/// What a field may hold. Text of others (job names, messages) is escaped on the way out.
using LogValue = std::variant<std::string, std::int64_t, double, bool>;

struct LogField {
  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, bool yes) : name(field_name), value(yes) {}
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}
  template <class Integer>
    requires std::is_integral_v<Integer>
  LogField(std::string_view field_name, Integer number) : name(field_name), value(static_cast<std::int64_t>(number)) {}

  std::string_view name;  ///< lower_case, a literal
  LogValue value;
};

using LogFields = std::vector<LogField>;

struct LogRecord {
  std::chrono::sys_time<std::chrono::nanoseconds> at;
  LogLevel level = LogLevel::info;
  std::string_view message;
  const LogFields& fields;
};

/// One line with its end of line; control characters and invalid UTF-8 of others cannot break out of it. Lines are cut
/// at 8 KiB.
std::string format(const LogRecord& record, LogFormat as);

/// The line of LogFormat::journal without its priority and its end.
std::string plain_text(const LogRecord& record);

/// The value as it stands in a line.
std::string plain_text(const LogValue& value);

/// As syslog(3) numbers them: 3 is an error, 7 for debugging.
int syslog_priority(LogLevel level) noexcept;

/// "debug", "info", "warning", "error".
std::string_view to_string(LogLevel level) noexcept;

/// Local time with milliseconds and offset: "2026-11-20T19:30:00.123+01:00".
std::string local_time(std::chrono::sys_time<std::chrono::nanoseconds> at);

/// A span for a person: "8 ms", "12.3 s", "4 min 5 s", "3 h 20 min", "2 d 3 h".
std::string human_duration(std::chrono::nanoseconds span);

}  // namespace belfry::observe
