// Strict UTF-8 (RFC 3629): one character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace belfry::daemon {

struct Character {
  char32_t code = 0;
  std::size_t size = 0;  ///< in bytes; 0: the bytes are not UTF-8
};

/// The character that begins at text[offset]; REQUIRES offset < text.size(). Refuses overlong forms and surrogates.
Character character_at(std::string_view text, std::size_t offset) noexcept;

/// Whether the whole text is UTF-8.
bool is_utf8(std::string_view text) noexcept;

/// Control characters other than tab and line feed (C0, DEL, C1).
constexpr bool is_control(char32_t code) noexcept {
  return (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7F && code < 0xA0);
}

/// Characters that look like nothing or reorder what is seen: the zero-width space, line separators, bidirectional
/// embeddings and isolates. Joiners and direction marks are part of ordinary text in several scripts, so they are not.
constexpr bool is_deceptive(char32_t code) noexcept {
  return code == 0x200B || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x2069) || code == 0xFEFF;
}

/// Blanks other than the space: no-break space, the typographic spaces, the ideographic space.
constexpr bool is_odd_blank(char32_t code) noexcept {
  return code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F || code == 0x205F ||
         code == 0x3000;
}

}  // namespace belfry::daemon
