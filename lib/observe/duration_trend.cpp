#include "observe/duration_trend.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <vector>

namespace belfry::observe {
namespace {

ledger::Duration median(std::vector<ledger::Duration> spans) {
  const auto middle = spans.begin() + static_cast<std::ptrdiff_t>(spans.size() / 2);
  std::ranges::nth_element(spans, middle);
  return *middle;
}

}  // namespace

void DurationTrend::add(ledger::RunId run, ledger::Duration took) {
  runs_.emplace(run, took);
  if (runs_.size() > recent_runs + earlier_runs) runs_.erase(runs_.begin());
}

std::optional<DurationTrend::Comparison> DurationTrend::compare(double share) const {
  if (runs_.size() < recent_runs + least_earlier_runs) return std::nullopt;
  const auto first_recent = std::prev(runs_.end(), recent_runs);
  const auto spans = [](auto begin, auto end) {
    std::vector<ledger::Duration> out;
    std::ranges::copy(std::ranges::subrange(begin, end) | std::views::values, std::back_inserter(out));
    return out;
  };
  const ledger::Duration earlier = median(spans(runs_.begin(), first_recent));
  const auto longer = std::chrono::duration_cast<ledger::Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(earlier.count()) * share));
  Comparison comparison{.recent = median(spans(first_recent, runs_.end())),
                        .agreed = earlier + std::max(longer, least_difference)};
  comparison.slower = comparison.recent > comparison.agreed;
  return comparison;
}

}  // namespace belfry::observe
