// The check of a fuzz target: a broken promise ends the process, which libFuzzer reports with the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace belfry::fuzz {

inline void expect(bool promise) {
  if (!promise) __builtin_trap();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace belfry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
