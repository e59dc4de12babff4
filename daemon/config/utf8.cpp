#include "daemon/config/utf8.hpp"

#include <array>
#include <cstdint>

namespace belfry::daemon {

Character character_at(std::string_view text, std::size_t offset) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])); };
  const auto lead = byte(offset);
  if (lead < 0x80) return {static_cast<char32_t>(lead), 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || offset + size > text.size()) return {};
  static constexpr std::array<std::uint32_t, 5> lead_mask{0, 0, 0x1F, 0x0F, 0x07};
  static constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  auto code = lead & lead_mask[size];
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(offset + i) & 0xC0U) != 0x80) return {};
    code = (code << 6U) | (byte(offset + i) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest[size] || code > 0x10FFFF || surrogate) return {};
  return {static_cast<char32_t>(code), size};
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto size = character_at(text, at).size;
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace belfry::daemon
