// Place: where in the source a task stands. A plain value.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>

namespace belfry::async {

/// One await (or the spawn, for a task that has not awaited yet). The strings are literals of the program.
struct Place {
  const char* file = "";
  const char* function = "";
  std::uint32_t line = 0;  ///< 0: unknown

  Place() = default;
  explicit Place(const std::source_location& at) noexcept
      : file(at.file_name()), function(at.function_name()), line(at.line()) {}

  friend bool operator==(const Place&, const Place&) = default;
};

/// "engine/run.cpp:97": the last two parts of the path. "?" when unknown.
std::string to_string(const Place& place);

}  // namespace belfry::async
