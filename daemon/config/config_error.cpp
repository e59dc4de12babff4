#include "daemon/config/config_error.hpp"

#include <string_view>

namespace belfry::daemon {
namespace {

constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view cyan = "\x1b[36m";
constexpr std::string_view plain = "\x1b[0m";

void append_coloured(std::string& out, bool colour, std::string_view code, std::string_view text) {
  if (colour) out += code;
  out += text;
  if (colour) out += plain;
}

void append_source(std::string& out, const ConfigError& error, bool colour) {
  const auto number = std::to_string(error.place.line);
  const std::string margin(number.size() + 2, ' ');
  out += " " + number + " | " + error.source_line + "\n" + margin + "| ";
  out.append(static_cast<std::size_t>(error.caret) - 1, ' ');
  append_coloured(out, colour, red, "^");
  out += '\n';
}

}  // namespace

std::string format_error(const ConfigError& error, bool colour) {
  std::string where = error.file;
  if (error.place.line > 0) {
    where += ":" + std::to_string(error.place.line) + ":" + std::to_string(error.place.column);
  }
  std::string out;
  append_coloured(out, colour, bold, where + ":");
  out += ' ';
  if (!error.key.empty()) out += error.key + ": ";
  append_coloured(out, colour, red, error.message);
  if (!error.expected.empty()) out += "; expected " + error.expected;
  out += '\n';
  if (error.caret > 0) append_source(out, error, colour);
  if (!error.hint.empty()) {
    out += "   ";
    append_coloured(out, colour, cyan, error.hint);
    out += '\n';
  }
  return out;
}

std::string format_errors(std::span<const ConfigError> errors, bool colour) {
  std::string out;
  for (const auto& error : errors) out += format_error(error, colour);
  if (!errors.empty()) out += std::to_string(errors.size()) + (errors.size() == 1 ? " error\n" : " errors\n");
  return out;
}

}  // namespace belfry::daemon
