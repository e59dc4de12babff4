#include "time/every.hpp"

#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::time {
namespace {

using Wide = __int128;  // anchor and instant may lie 584 years apart

Wide floor_divide(Wide value, Wide by) noexcept {
  const Wide quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

std::optional<WallTime> to_instant(Wide nanoseconds) noexcept {
  if (nanoseconds < Wide{Duration::min().count()} || nanoseconds > Wide{Duration::max().count()}) return std::nullopt;
  return WallTime(Duration(static_cast<Duration::rep>(nanoseconds)));
}

}  // namespace

std::optional<WallTime> EveryTrigger::next(WallTime after) const noexcept {
  const Wide anchor = anchor_.time_since_epoch().count();
  const Wide interval = interval_.count();
  const Wide steps = floor_divide(Wide{after.time_since_epoch().count()} - anchor, interval) + 1;
  return to_instant(anchor + steps * interval);
}

std::optional<WallTime> EveryTrigger::previous(WallTime before) const noexcept {
  const Wide anchor = anchor_.time_since_epoch().count();
  const Wide interval = interval_.count();
  const Wide steps = floor_divide(Wide{before.time_since_epoch().count()} - anchor - 1, interval);
  return to_instant(anchor + steps * interval);
}

std::string EveryTrigger::describe() const {
  const std::string span = describe_duration(interval_);
  return "every " + (span.starts_with("1 ") && span.find(' ', 2) == std::string::npos ? span.substr(2) : span);
}

// Anchors that lie whole intervals apart are the same; the first of them from 1970 on is written.
std::string EveryTrigger::normalise() const {
  const Wide anchor = anchor_.time_since_epoch().count();
  const Wide rest = anchor - floor_divide(anchor, interval_.count()) * interval_.count();
  const WallTime first{Duration(static_cast<Duration::rep>(rest))};
  return "@every " + format_duration(interval_) + (rest == 0 ? "" : " from " + format_utc(first));
}

}  // namespace belfry::time
