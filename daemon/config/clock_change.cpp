#include "daemon/config/clock_change.hpp"

#include <chrono>

#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using std::chrono::seconds;

constexpr std::chrono::days horizon{366};

/// "02:30" of "2027-03-28 02:30:00 +01:00".
std::string clock_text(time::LocalTime local) {
  const auto text = time::format_utc(std::chrono::sys_seconds(local.time_since_epoch()));
  return text.substr(11, text.ends_with(":00Z") ? 5 : 8);
}

std::string date_text(time::LocalTime local) {
  return time::format_utc(std::chrono::sys_seconds(local.time_since_epoch())).substr(0, 10);
}

/// The fires from `first` up to `end`, as times of day with their offsets.
std::string fires_text(const time::Trigger& trigger, const time::Zone& zone, time::WallTime first, time::WallTime end) {
  constexpr int most = 4;
  std::string text;
  int count = 0;
  for (const time::WallTime fire : trigger.between(first - time::Duration{1}, end - time::Duration{1})) {
    if (++count > most) return text + " and so on";
    text += (count > 1 ? ", " : "") + time::format_time(fire, zone).substr(11);
  }
  return text;
}

ClockChange describe(const time::Transition& change, time::LocalTime match, const time::Trigger& trigger,
                     const time::Zone& zone) {
  const seconds length = std::chrono::abs(change.offset_after - change.offset_before);
  const bool gap = change.offset_after > change.offset_before;
  const time::LocalTime from(change.at.time_since_epoch() + change.offset_before);
  const time::LocalTime to(change.at.time_since_epoch() + change.offset_after);
  std::string text = date_text(match) + ": " + clock_text(match) + (gap ? " is skipped" : " comes twice") +
                     ", the clock goes from " + clock_text(from) + " to " + clock_text(to) + "; ";
  const auto fires = fires_text(trigger, zone, gap ? change.at : change.at - length, change.at + length);
  text += fires.empty() ? "it is not due then" : "it is due at " + fires;
  return {change, std::move(text)};
}

}  // namespace

std::vector<ClockChange> clock_changes(const time::LocalPattern& pattern, const time::Trigger& trigger,
                                       const time::Zone& zone, time::WallTime now) {
  std::vector<ClockChange> found;
  for (auto change = zone.next_transition(now); change && change->at < now + horizon;
       change = zone.next_transition(change->at)) {
    const time::LocalTime before(change->at.time_since_epoch() + change->offset_before);
    const time::LocalTime after(change->at.time_since_epoch() + change->offset_after);
    const auto match = pattern.first_from(std::min(before, after));
    if (match && *match < std::max(before, after)) found.push_back(describe(*change, *match, trigger, zone));
  }
  return found;
}

std::string mark_of(time::WallTime instant, const time::Zone& zone) {
  const time::LocalInstants here = zone.resolve(zone.to_local(instant));
  if (here.kind == time::LocalKind::repeated) return instant < here.transition ? "first pass" : "second pass";
  const auto change = zone.previous_transition(instant + time::Duration{1});
  if (!change) return {};
  const seconds length = change->offset_after - change->offset_before;
  return length > seconds{0} && instant < change->at + length ? "after the gap" : "";
}

}  // namespace belfry::daemon
