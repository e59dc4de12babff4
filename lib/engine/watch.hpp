// Watch: which files set a job going, and how long it waits for them to be complete. Plain values.
//
// The engine hands them on and knows nothing of files: daemon/watch looks, and calls Engine::notice().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "time/wall_time.hpp"

namespace belfry::engine {

/// What becomes of files that are there when the watch begins: at the start of belfryd, and when it is declared anew.
enum class ExistingFiles : std::uint8_t {
  newer,   ///< those that changed since the job's last run started (before its first run: since it was declared) count
  run,     ///< all of them count as if they had come just now
  ignore,  ///< none of them does
};

struct Watch {
  /// Absolute, with wildcards as in io/glob.hpp. Without: a file, or a folder, which means the files directly in it.
  std::vector<std::string> paths;
  std::vector<std::string> exclude;  ///< as jobs::Excludes takes them
  bool on_appear = true;
  bool on_change = true;
  time::Duration debounce = std::chrono::seconds{1};  ///< so long must nothing happen
  time::Duration stable_for{};                        ///< and each file keep its size and time
  std::optional<time::Duration> rescan;               ///< looks at all files so often, too; none: when told only
  ExistingFiles existing = ExistingFiles::newer;
  std::size_t max_folders = 1000;

  friend bool operator==(const Watch&, const Watch&) = default;
};

/// For people: "when a file that matches /srv/in/*.csv appears or changes".
std::string describe(const Watch& watch);

/// What one slot of a watch is about.
struct WatchedFiles {
  /// How many paths are kept; of more, these are the first ones.
  static constexpr std::size_t most_paths = 10'000;

  std::vector<std::string> paths;  ///< absolute, sorted
  std::uint64_t count = 0;         ///< how many there were
};

std::string_view to_string(ExistingFiles value) noexcept;

}  // namespace belfry::engine
