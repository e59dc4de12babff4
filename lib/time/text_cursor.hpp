// A position in a text and the few ways in which the parsers of this folder move it. One owner; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "time/parse_error.hpp"

namespace belfry::time::detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/// Equal but for the case of ASCII letters.
constexpr bool same_word(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// The UTF-8 character that `text` begins with; one byte when that is no character, nothing when it is empty.
std::string_view first_character(std::string_view text) noexcept;

/// A piece of the user's text as it may stand in a message: in quotes, always valid UTF-8, control characters and wrong
/// bytes shown as "?", long pieces cut.
std::string quoted(std::string_view piece);

class Cursor {
 public:
  /// `base` is added to every offset that is reported: where `text` begins in the user's text.
  explicit Cursor(std::string_view text, std::size_t base = 0) noexcept : text_(text), base_(base) {}

  bool at_end() const noexcept { return position_ == text_.size(); }
  char peek() const noexcept { return at_end() ? '\0' : text_[position_]; }
  char peek_after() const noexcept { return position_ + 1 < text_.size() ? text_[position_ + 1] : '\0'; }
  bool is_behind_blank() const noexcept { return position_ > 0 && is_blank(text_[position_ - 1]); }
  std::size_t position() const noexcept { return position_; }
  void move_to(std::size_t position) noexcept { position_ = position; }
  std::string_view rest() const noexcept { return text_.substr(position_); }

  /// Steps over `c` if it is next.
  bool take(char c) noexcept;

  /// Steps over what `belongs` accepts and returns it.
  template <typename Predicate>
  std::string_view take_while(Predicate belongs) noexcept {
    const std::size_t start = position_;
    while (!at_end() && belongs(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }

  std::string_view take_blanks() noexcept { return take_while(is_blank); }
  std::string_view take_digits() noexcept { return take_while(is_digit); }

  /// An error about the bytes from `start` to the position.
  ParseError error_since(std::size_t start, std::string message, std::string hint = {}) const;

  /// An error about the next byte, or about the end of the text.
  ParseError error_here(std::string message, std::string hint = {}) const;

 private:
  std::string_view text_;
  std::size_t base_;
  std::size_t position_ = 0;
};

/// The value of a run of digits, at most `ceiling` (which larger ones become).
std::uint64_t to_number(std::string_view digits, std::uint64_t ceiling) noexcept;

}  // namespace belfry::time::detail
