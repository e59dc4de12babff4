// Texts that are too long for where they are shown or kept, or have blanks around them. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace belfry::jobs {

/// Of a longer text as much as fits, up to the end of a character, and "..." behind it. REQUIRES: most >= 3.
inline std::string cut_text(std::string_view text, std::size_t most) {
  constexpr std::string_view more = "...";
  if (text.size() <= most) return std::string(text);
  std::size_t end = most - more.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)).append(more);
}

/// Without spaces, tabs and carriage returns in front and behind.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace belfry::jobs
