// What a parser of this folder says about a text that it refuses. Plain values; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace belfry::time {

/// Where a text is wrong, and what would be right. The offsets are bytes of the text that was given to the parser, so
/// that whoever knows where that text came from can point into the file.
struct ParseError {
  std::size_t offset = 0;  ///< first wrong byte; the length of the text when something is missing at its end
  std::size_t length = 0;  ///< wrong bytes from there; 0 when something is missing
  std::string message;     ///< what was expected and what was found: "the minute field takes 0-59, not 60"
  std::string hint;        ///< the next step or the nearest right text: "did you mean MON?"; may be empty

  friend bool operator==(const ParseError&, const ParseError&) = default;
};

/// A value, or why the text is none.
template <typename T>
using Parsed = std::expected<T, ParseError>;

/// The message and the hint in one line, without the place.
inline std::string to_string(const ParseError& error) {
  return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

}  // namespace belfry::time
