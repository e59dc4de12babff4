#include "observe/log_format.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

namespace belfry::observe {

namespace {

constexpr std::size_t kLongestLine = 8192;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// The length of the well-formed UTF-8 sequence at the front of `text` (Unicode 15, table 3-7), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// Appends `text` as the inside of a JSON string; that form also suits a terminal, since no control character is left.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else if (length == 0) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

bool is_plain_word(std::string_view text) {
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\'; };
  return !text.empty() && std::ranges::all_of(text, is_plain);
}

void append_value(std::string& out, const LogValue& value, bool json) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!json && is_plain_word(*text)) {
      out += *text;
    } else {
      append_quoted(out, *text);
    }
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    fmt::format_to(std::back_inserter(out), "{}", *whole);
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (std::isfinite(*number)) {
      fmt::format_to(std::back_inserter(out), "{:.6g}", *number);
    } else {
      out += "null";
    }
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
}

void append_fields(std::string& out, const LogFields& fields) {
  std::string_view separator = "  ";
  for (const LogField& field : fields) {
    out += separator;
    out += field.name;
    out += '=';
    append_value(out, field.value, false);
    separator = " ";
  }
}

std::string as_json(const LogRecord& record) {
  std::string out = "{\"time\":\"" + local_time(record.at) + "\",\"level\":\"";
  out += to_string(record.level);
  out += "\",\"message\":";
  append_quoted(out, record.message.substr(0, kLongestLine));
  for (const LogField& field : record.fields) {
    std::string piece = ",\"";
    piece += field.name;
    piece += "\":";
    append_value(piece, field.value, true);
    if (out.size() + piece.size() > kLongestLine) continue;  // an object that is cut is none
    out += piece;
  }
  out += "}\n";
  return out;
}

struct LevelLook {
  std::string_view word;
  std::string_view colour;
  int priority;  // syslog(3)
};

LevelLook look(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return {"DEBUG", "\x1b[2m", 7};
    case LogLevel::info:
      return {"INFO ", "\x1b[32m", 6};
    case LogLevel::warning:
      return {"WARN ", "\x1b[33m", 4};
    case LogLevel::error:
      return {"ERROR", "\x1b[31;1m", 3};
  }
  return {"INFO ", "", 6};
}

/// "2026-11-20T19:30:00" with `separator` for the T, milliseconds, then the offset of the zone at that instant.
std::string stamp(std::chrono::sys_time<std::chrono::nanoseconds> at, char separator, const char* offset_format) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch());
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t seconds = whole.count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const long minutes = local.tm_gmtoff / 60;
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:03}", local.tm_year + 1900, local.tm_mon + 1,
                     local.tm_mday, separator, local.tm_hour, local.tm_min, local.tm_sec,
                     (since_epoch - whole).count()) +
         fmt::format(fmt::runtime(offset_format), minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                     std::abs(minutes) % 60);
}

}  // namespace

std::string format(const LogRecord& record, LogFormat as) {
  if (as == LogFormat::json) return as_json(record);
  const LevelLook level = look(record.level);
  std::string out;
  if (as == LogFormat::journal) {
    out = fmt::format("<{}>", level.priority);
  } else {
    out = stamp(record.at, ' ', " {}{:02}{:02}") + ' ';
    if (as == LogFormat::colour) out += level.colour;
    out += level.word;
    if (as == LogFormat::colour) out += "\x1b[0m";
    out += ' ';
  }
  out += plain_text(record);
  if (out.size() > kLongestLine) out.resize(kLongestLine);
  out += '\n';
  return out;
}

std::string plain_text(const LogRecord& record) {
  std::string out;
  append_escaped(out, record.message);
  append_fields(out, record.fields);
  if (out.size() > kLongestLine) out.resize(kLongestLine);
  return out;
}

std::string plain_text(const LogValue& value) {
  std::string out;
  append_value(out, value, false);
  return out;
}

int syslog_priority(LogLevel level) noexcept { return look(level).priority; }

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

std::string local_time(std::chrono::sys_time<std::chrono::nanoseconds> at) { return stamp(at, 'T', "{}{:02}:{:02}"); }

std::string human_duration(std::chrono::nanoseconds span) {
  const double seconds = std::chrono::duration<double>(span).count();
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

}  // namespace belfry::observe
