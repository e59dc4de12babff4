#include "daemon/config/message_template.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/config/utf8.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
constexpr std::string_view digits = "0123456789abcdef";

constexpr std::array<std::string_view, 21> names{
    "attempts", "ended_at",     "duration", "event",   "exit_code",  "failures", "host",
    "job",      "json",         "message",  "outcome", "output",     "reason",   "repeated",
    "run",      "scheduled_at", "signal",   "slots",   "started_at", "summary",  "trigger"};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

time::ParseError unknown(std::size_t offset, std::string_view name, std::span<const std::string_view> known,
                         const std::string& what) {
  auto hint = time::did_you_mean(name, known);
  if (hint.empty()) {
    for (const auto each : known) hint += (hint.empty() ? "known here: " : ", ") + std::string(each);
  }
  return {.offset = offset, .length = name.size(), .message = what, .hint = std::move(hint)};
}

}  // namespace

time::Parsed<MessageTemplate> MessageTemplate::parse(std::string_view text, std::span<const std::string_view> known) {
  static constexpr std::array<std::string_view, 2> forms{"json", "url"};
  MessageTemplate result;
  std::size_t at = 0;
  for (;;) {
    const auto begin = text.find(opening, at);
    Piece piece{.text = std::string(text.substr(at, begin == std::string_view::npos ? begin : begin - at)), .name = {}};
    if (begin == std::string_view::npos) {
      result.pieces_.push_back(std::move(piece));
      return result;
    }
    const auto inside = begin + opening.size();
    const auto end = text.find(closing, inside);
    if (end == std::string_view::npos) {
      return std::unexpected(time::ParseError{.offset = begin,
                                              .length = opening.size(),
                                              .message = "\"{{\" is not closed by \"}}\"",
                                              .hint = "a name stands between them, such as {{job}}"});
    }
    const auto content = text.substr(inside, end - inside);
    const auto bar = content.find('|');
    const auto name = trimmed(content.substr(0, bar));
    if (std::ranges::find(known, name) == known.end()) {
      return std::unexpected(unknown(inside, name, known, "there is no such name to fill in"));
    }
    piece.name = name;
    if (bar != std::string_view::npos) {
      const auto form = trimmed(content.substr(bar + 1));
      if (std::ranges::find(forms, form) == forms.end()) {
        return std::unexpected(unknown(inside + bar + 1, form, forms, "there is no such way to write it"));
      }
      piece.form = form == "json" ? Form::json : Form::url;
    }
    result.pieces_.push_back(std::move(piece));
    at = end + closing.size();
  }
}

std::string MessageTemplate::fill(const Lookup& value) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.name.empty()) continue;
    std::string filled = value(piece.name);
    if (piece.form == Form::json && piece.name != "json") filled = json_string(filled);
    if (piece.form == Form::url) filled = url_escaped(filled);
    out += filled;
  }
  return out;
}

std::span<const std::string_view> message_names() { return names; }

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, size] = character_at(text, at);
    const char first = text[at];
    if (size == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (first == '"' || first == '\\') {
      out += {'\\', first};
    } else if (first == '\n') {
      out += "\\n";
    } else if (code < 0x20) {
      out += {'\\', 'u', '0', '0', digits[code >> 4U], digits[code & 15U]};
    } else {
      out += text.substr(at, size);
    }
    at += size;
  }
  return out + "\"";
}

std::string url_escaped(std::string_view text) {
  static constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (plain.contains(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

}  // namespace belfry::daemon
