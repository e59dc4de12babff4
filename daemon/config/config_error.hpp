// What is wrong with a configuration: one value for each mistake, and how people are shown it.
//
// Plain values; safe from any thread.
#pragma once

#include <span>
#include <string>

#include "daemon/config/source_text.hpp"

namespace belfry::daemon {

/// One mistake in a configuration file. Every text is valid UTF-8 without control characters, and bounded in length.
struct ConfigError {
  std::string file;         ///< as it was given to load_config
  Place place;              ///< line 0: the file as a whole (it cannot be read, for example)
  std::string key;          ///< the path of the key, "jobs.backup.schedule"; empty at the top level
  std::string message;      ///< what is wrong, without a full stop
  std::string expected;     ///< what would be right, "0-59"; may be empty
  std::string hint;         ///< what to do next, "did you mean \"timeout\"?"; may be empty
  std::string source_line;  ///< the line at fault, cut to a window around the column
  int caret = 0;            ///< the column in source_line that the caret points to, from 1; 0: none
};

/// Like a compiler: `FILE:LINE:COLUMN: KEY: MESSAGE; expected EXPECTED`, the line at fault with a caret, and the hint.
/// Several lines, each ended by a newline. `colour` adds terminal escapes.
std::string format_error(const ConfigError& error, bool colour = false);

/// All of them, one after the other, and a last line with their number.
std::string format_errors(std::span<const ConfigError> errors, bool colour = false);

}  // namespace belfry::daemon
