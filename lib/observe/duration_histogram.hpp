// The histograms that lib/async keeps, as samples. Pure; any thread.
#pragma once

#include <algorithm>
#include <array>

#include "async/loop_stats.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

inline void add_sample(FamilyBuilder& family, const async::DurationHistogram& histogram) {
  std::array<double, async::DurationHistogram::bounds.size()> bounds{};
  std::ranges::transform(async::DurationHistogram::bounds, bounds.begin(), seconds);
  family.add({}, bounds, histogram.counts, seconds(histogram.sum));
}

}  // namespace belfry::observe
