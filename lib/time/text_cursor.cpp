#include "time/text_cursor.hpp"

#include <utility>

namespace belfry::time::detail {

namespace {

/// How many bytes a character has that begins with `lead` and `second`, by table 3-7 of the Unicode standard; 0: none.
std::size_t length_of_character(unsigned char lead, unsigned char second) noexcept {
  const auto within = [second](unsigned least, unsigned most) { return second >= least && second <= most; };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return within(0x80, 0xBF) ? 2 : 0;
  if (lead == 0xE0) return within(0xA0, 0xBF) ? 3 : 0;
  if (lead == 0xED) return within(0x80, 0x9F) ? 3 : 0;  // no surrogates
  if (lead >= 0xE1 && lead <= 0xEF) return within(0x80, 0xBF) ? 3 : 0;
  if (lead == 0xF0) return within(0x90, 0xBF) ? 4 : 0;
  if (lead >= 0xF1 && lead <= 0xF3) return within(0x80, 0xBF) ? 4 : 0;
  return lead == 0xF4 && within(0x80, 0x8F) ? 4 : 0;
}

}  // namespace

std::string_view first_character(std::string_view text) noexcept {
  if (text.empty()) return text;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : 0); };
  const std::size_t length = length_of_character(byte(0), byte(1));
  if (length == 0) return text.substr(0, 1);
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return text.substr(0, 1);
  }
  return text.substr(0, length);
}

std::string quoted(std::string_view piece) {
  constexpr std::size_t longest = 40;
  std::string text = "\"";
  while (!piece.empty()) {
    const std::string_view character = first_character(piece);
    const auto byte = static_cast<unsigned char>(character.front());
    if (text.size() + character.size() > longest) return text + "...\"";
    const bool shown = character.size() > 1 || (byte >= 0x20 && byte < 0x7f);
    text += shown ? character : "?";
    piece.remove_prefix(character.size());
  }
  return text + "\"";
}

bool Cursor::take(char c) noexcept {
  if (at_end() || text_[position_] != c) return false;
  ++position_;
  return true;
}

ParseError Cursor::error_since(std::size_t start, std::string message, std::string hint) const {
  return {base_ + start, position_ - start, std::move(message), std::move(hint)};
}

ParseError Cursor::error_here(std::string message, std::string hint) const {
  return {base_ + position_, first_character(rest()).size(), std::move(message), std::move(hint)};
}

std::uint64_t to_number(std::string_view digits, std::uint64_t ceiling) noexcept {
  std::uint64_t value = 0;
  for (const char digit : digits) {
    const auto d = static_cast<std::uint64_t>(digit - '0');
    if (value > (ceiling - d) / 10) return ceiling;  // REQUIRES ceiling >= 9
    value = value * 10 + d;
  }
  return value;
}

}  // namespace belfry::time::detail
