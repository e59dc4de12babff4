// Where the program of a command is looked for. Header only: the static belfry-exec uses it too.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::io {

/// What execvp(3) uses where the environment has no PATH.
inline constexpr std::string_view default_search_path = "/usr/local/bin:/usr/bin:/bin";

/// The paths to try in order: `command` itself when it has a slash, else one for each folder of `search_path`, in which
/// an empty folder stands for the working directory (POSIX, XBD 8.3). Empty for an empty command.
inline std::vector<std::string> exec_candidates(std::string_view command, std::string_view search_path) {
  if (command.empty()) return {};
  if (command.contains('/')) return {std::string(command)};
  std::vector<std::string> candidates;
  for (std::size_t begin = 0; begin <= search_path.size();) {
    const auto end = std::min(search_path.find(':', begin), search_path.size());
    const auto folder = search_path.substr(begin, end - begin);
    candidates.push_back(std::string(folder.empty() ? "." : folder) + "/" + std::string(command));
    begin = end + 1;
  }
  return candidates;
}

}  // namespace belfry::io
