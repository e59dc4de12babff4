#include "daemon/cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace belfry::daemon::cli {

namespace {

/// In characters (code points); good enough for the names of jobs.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string decimal(double value, const char* unit) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), value < 10 ? "%.1f %s" : "%.0f %s", value, unit);
  return text.data();
}

std::string two_units(std::int64_t whole, std::int64_t per_unit, const char* unit, std::int64_t per_part,
                      const char* part) {
  std::string text = std::to_string(whole / per_unit) + " " + unit;
  const std::int64_t rest = whole % per_unit / per_part;
  if (rest != 0) text += " " + std::to_string(rest) + " " + part;
  return text;
}

}  // namespace

Style Style::of(int fd) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool wanted =
      (no_colour == nullptr || *no_colour == '\0') && (terminal == nullptr || std::string_view(terminal) != "dumb");
  return Style(wanted && ::isatty(fd) != 0);
}

std::string Style::paint(std::string_view text, Colour colour) const {
  if (!colour_ || colour == Colour::none) return std::string(text);
  constexpr std::array<const char*, 6> kCodes{"", "31", "32", "33", "2", "1"};
  return std::string("\x1b[") + kCodes[static_cast<std::size_t>(colour)] + "m" + std::string(text) + "\x1b[0m";
}

std::string as_sentence(std::string text) {
  if (!text.ends_with('.') && !text.ends_with('?') && !text.ends_with('!')) text += '.';
  return text;
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return out;
}

std::string harmless(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  const auto write_out = [&](unsigned char byte) { out += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xFU]}; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto following = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      write_out(byte);
    } else if (byte == 0xC2 && following >= 0x80 && following < 0xA0) {  // U+0080 to U+009F
      write_out(static_cast<unsigned char>(following));
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string Table::text(const Style& style) const {
  std::vector<std::size_t> widths;
  widths.reserve(heading_.size());
  for (const std::string& name : heading_) widths.push_back(width(name));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i].text));
  }
  std::string out;
  const auto append = [&](std::size_t column, const std::string& plain, Colour colour, bool last) {
    const std::string text = printable(plain);
    out += style.paint(text, colour);
    out += last ? "\n" : std::string(widths[column] - width(text) + 2, ' ');
  };
  for (std::size_t i = 0; i < heading_.size(); ++i) append(i, heading_[i], Colour::bold, i + 1 == heading_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) append(i, row[i].text, row[i].colour, i + 1 == row.size());
  }
  return out;
}

std::string relative(time::WallTime at, time::WallTime now) {
  const double seconds = std::chrono::duration<double>(at - now).count();
  if (std::abs(seconds) < 0.5) return "now";
  const double whole = std::abs(seconds) < 60 ? std::round(std::abs(seconds)) : std::abs(seconds);
  const std::string text = whole < 60 ? std::to_string(static_cast<int>(whole)) + " s" : span(whole);
  return seconds > 0 ? "in " + text : text + " ago";
}

std::string span(double seconds) {
  if (seconds < 1) return std::to_string(static_cast<int>(std::round(seconds * 1000))) + " ms";
  if (seconds < 60) return decimal(seconds, "s");
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return two_units(whole, 60, "min", 1, "s");
  if (whole < 86400) return two_units(whole, 3600, "h", 60, "min");
  return two_units(whole, 86400, "d", 3600, "h");
}

std::string bytes(double count) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (count >= 1024 && unit + 1 < kUnits.size()) {
    count /= 1024;
    ++unit;
  }
  return unit == 0 ? std::to_string(static_cast<std::int64_t>(count)) + " B" : decimal(count, kUnits[unit]);
}

}  // namespace belfry::daemon::cli
