// Bytes as hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace belfry::jobs::sql {

/// Two digits of each byte, in lower case. Pure; any thread.
inline void append_hex(std::string_view bytes, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
}

}  // namespace belfry::jobs::sql
