// Progress: how far an attempt has come, for people who wait for it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace belfry::engine {

struct Progress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> files_total{};  ///< none: not known
  std::optional<std::uint64_t> bytes_total{};

  /// By bytes, else by files: from 0 to 1; none: nobody knows how much there is.
  std::optional<double> share() const noexcept {
    const auto of = [](std::uint64_t done, std::uint64_t all) {
      return done >= all ? 1.0 : static_cast<double>(done) / static_cast<double>(all);
    };
    if (bytes_total && *bytes_total > 0) return of(bytes, *bytes_total);
    if (files_total && *files_total > 0) return of(files, *files_total);
    return std::nullopt;
  }

  friend bool operator==(const Progress&, const Progress&) = default;
};

}  // namespace belfry::engine
