// Files of variables, in the dialect of systemd's EnvironmentFile=.
//
// A line is NAME=VALUE; blank lines, and those that begin with # or ;, say nothing. A value that begins with a
// quotation mark is quoted: between ' all stands as it is, between " a \ takes away the meaning of $ ` " \ and of the
// end of a line; both may go over several lines, and what stands behind is added. Elsewhere a \ takes the next
// character as it is, and joins a line with the next at its end. Blanks around an unquoted value are not part of it.
// Nothing is expanded.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "jobs/run_environment.hpp"

namespace belfry::jobs {

struct EnvFile {
  std::string path;       ///< absolute
  bool optional = false;  ///< it may be missing
  bool secret = false;    ///< its values are hidden in what the program prints

  friend bool operator==(const EnvFile&, const EnvFile&) = default;
};

/// No larger file is read.
inline constexpr std::size_t largest_env_file = std::size_t{1} << 20U;

/// A variable that is given twice has its last value. The error is "NAME:LINE: what is wrong", and never shows a value.
/// Pure; any thread.
std::expected<Variables, std::string> parse_env_file(std::string_view text, const std::string& name);

/// What files say.
struct EnvFileValues {
  Variables all{};     ///< of a variable that several files have, the value of the last one
  Variables secret{};  ///< the same of the secret files alone: what is to be hidden, also where another file wins
};

/// What the files say now; with the daemon's rights. The error is a sentence. Loop thread. Cancellation: as for io::fs.
async::Task<std::expected<EnvFileValues, std::string>> read_env_files(std::vector<EnvFile> files);

}  // namespace belfry::jobs
