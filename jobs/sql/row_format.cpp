#include "jobs/sql/row_format.hpp"

#include <algorithm>
#include <array>

#include "jobs/sql/hex.hpp"

namespace belfry::jobs::sql {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes the character at the front has; 0: it is none of UTF-8 (RFC 3629).
std::size_t character_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const unsigned int first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool good = (first != 0xE0 || byte(1) >= 0xA0) && (first != 0xED || byte(1) < 0xA0);
    return good && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool good = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) < 0x90);
    return good && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

std::string bytes_text(std::string_view bytes) {
  std::string text = "\\x";
  append_hex(bytes, text);
  return text;
}

void append_csv(const Value& value, std::string& out) {
  if (value.kind == Value::Kind::null) return;
  if (value.kind == Value::Kind::bytes) {
    out += bytes_text(value.text);
    return;
  }
  if (!value.text.empty() && value.text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += value.text;
    return;
  }
  out += '"';
  for (const char c : value.text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_tsv(const Value& value, std::string& out) {
  if (value.kind == Value::Kind::null) {
    out += "\\N";
    return;
  }
  if (value.kind == Value::Kind::bytes) {
    out += bytes_text(value.text);
    return;
  }
  for (const char c : value.text) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

void append_json(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::null:
      out += "null";
      break;
    case Value::Kind::number:
    case Value::Kind::truth:
      out += value.text;
      break;
    case Value::Kind::json:  // a line break is white space there, and would end a line of JSON lines
      std::ranges::transform(value.text, std::back_inserter(out),
                             [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
      break;
    case Value::Kind::bytes:
      append_json_text(bytes_text(value.text), out);
      break;
    case Value::Kind::text:
      append_json_text(value.text, out);
      break;
  }
}

void append_line(std::span<const Value> values, char between, void (*append)(const Value&, std::string&),
                 std::string& out) {
  for (bool first = true; const Value& value : values) {
    if (!first) out += between;
    first = false;
    append(value, out);
  }
  out += '\n';
}

}  // namespace

void append_json_text(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    const std::size_t length = character_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[0];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      out += "\\u00";
      append_hex(text.substr(0, 1), out);
    } else {
      out += length == 0 ? replacement : text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void RowFormat::begin(std::span<const std::string> columns, std::string& out) {
  rows_ = 0;
  keys_.clear();
  for (const auto& column : columns) append_json_text(column, keys_.emplace_back());
  for (auto& key : keys_) key += ": ";
  if (format_ == Format::csv) {
    if (results_ > 0) out += '\n';
    std::vector<Value> names;
    for (const auto& column : columns) names.push_back({Value::Kind::text, column});
    append_line(names, ',', append_csv, out);
  } else if (format_ == Format::json) {
    out += '[';
  }
  ++results_;
}

void RowFormat::object(std::span<const Value> values, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ", ";
    out += keys_[i];
    append_json(values[i], out);
  }
  out += '}';
}

void RowFormat::row(std::span<const Value> values, std::string& out) {
  switch (format_) {
    case Format::csv:
      append_line(values, ',', append_csv, out);
      break;
    case Format::tsv:
      append_line(values, '\t', append_tsv, out);
      break;
    case Format::json:
      out += rows_ == 0 ? "\n" : ",\n";
      object(values, out);
      break;
    case Format::jsonl:
      object(values, out);
      out += '\n';
      break;
  }
  ++rows_;
}

void RowFormat::end(std::string& out) {
  if (format_ == Format::json) out += rows_ == 0 ? "]\n" : "\n]\n";
}

}  // namespace belfry::jobs::sql
