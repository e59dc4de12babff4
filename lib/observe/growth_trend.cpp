#include "observe/growth_trend.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

namespace belfry::observe {

void GrowthTrend::add(engine::Monotonic now, std::uint64_t count, std::uint64_t work) {
  const std::int64_t hour = std::chrono::floor<std::chrono::hours>(now.time_since_epoch()).count();
  if (low_ && hour != hour_) {
    lows_.push_back(*low_);
    if (lows_.size() > hours + 1) lows_.pop_front();
    low_.reset();
  }
  hour_ = hour;
  if (!low_) low_ = Low{.count = count, .work = work};
  low_ = Low{.count = std::min(low_->count, count), .work = std::min(low_->work, work)};
}

bool GrowthTrend::growing() const noexcept {
  if (lows_.size() <= hours || last() < first() + least || lows_.back().work > lows_.front().work) return false;
  return std::ranges::adjacent_find(lows_, std::ranges::greater_equal{}, &Low::count) == lows_.end();
}

}  // namespace belfry::observe
