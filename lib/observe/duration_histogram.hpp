// The histograms that lib/async keeps, as samples. Pure; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>

#include "async/loop_stats.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

inline void add_sample(FamilyBuilder& family, const async::DurationHistogram& histogram,
                       std::initializer_list<LabelView> labels = {}) {
  std::array<double, async::DurationHistogram::bounds.size()> bounds{};
  std::ranges::transform(async::DurationHistogram::bounds, bounds.begin(), seconds);
  family.add(labels, bounds, histogram.counts, seconds(histogram.sum));
}

}  // namespace belfry::observe
