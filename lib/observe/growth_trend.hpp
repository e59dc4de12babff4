// GrowthTrend: does the number of something grow for hours, though there is no more work? Then it is not given back.
//
// Looks at the least number of each hour: a peak comes and goes, what leaks stays. Pure; bounded: seven pairs of
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "engine/token_bucket.hpp"

namespace belfry::observe {

class GrowthTrend {
 public:
  static constexpr std::size_t hours = 6;     ///< so often in a row must the least number of an hour be larger
  static constexpr std::uint64_t least = 20;  ///< and by so many in all

  /// How many there are at `now`, and how much work there is: runs under way and what waits. Several times an hour.
  void add(engine::Monotonic now, std::uint64_t count, std::uint64_t work);

  /// As of the last whole hour.
  bool growing() const noexcept;

  /// The least number of the first and of the last of those hours; 0 as long as there are none.
  std::uint64_t first() const noexcept { return lows_.empty() ? 0 : lows_.front().count; }
  std::uint64_t last() const noexcept { return lows_.empty() ? 0 : lows_.back().count; }

 private:
  struct Low {
    std::uint64_t count;
    std::uint64_t work;
  };

  std::deque<Low> lows_;  // of whole hours
  std::optional<Low> low_;
  std::int64_t hour_ = 0;  // of low_
};

}  // namespace belfry::observe
