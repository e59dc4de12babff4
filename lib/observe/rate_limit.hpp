// Lets one of many identical warnings through per window and counts the rest. Pure: the time is given.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace belfry::observe {

/// Not thread-safe. Remembers a bounded number of keys.
class RateLimit {
 public:
  using Instant = std::chrono::sys_time<std::chrono::nanoseconds>;

  /// `window`: after a warning, its like are held back for so long.
  explicit RateLimit(std::chrono::nanoseconds window) : window_(window) {}

  /// Whether the warning may be logged now; if so, how many of its like were held back since the last one.
  std::optional<std::uint64_t> admit(std::string_view key, Instant now);

  /// Warnings that were held back when no more of their like came for two windows: each key, with their number.
  std::vector<std::pair<std::string, std::uint64_t>> take_rest(Instant now);

 private:
  struct Seen {
    Instant since;
    Instant latest;  // that was held back
    std::uint64_t held_back = 0;
  };
  void forget_old(Instant now);

  std::chrono::nanoseconds window_;
  std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace belfry::observe
