#include "time/text_cursor.hpp"

#include <utility>

namespace belfry::time::detail {

std::string quoted(std::string_view piece) {
  constexpr std::size_t longest = 40;
  std::string text = "\"";
  for (const char c : piece.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return text + (piece.size() > longest ? "...\"" : "\"");
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
  return {base_ + position_, at_end() ? std::size_t{0} : std::size_t{1}, std::move(message), std::move(hint)};
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
