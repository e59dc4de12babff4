#include "time/narrowed.hpp"

#include <algorithm>

#include "time/instant.hpp"

namespace belfry::time {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

/// Matches any time of the days that it matches.
bool is_whole_days(const Cron& cron) noexcept {
  const CronFields& fields = cron.fields();
  constexpr std::uint64_t all_minutes = (std::uint64_t{1} << 60) - 1;
  constexpr std::uint32_t all_hours = (std::uint32_t{1} << 24) - 1;
  return fields.minutes == all_minutes && fields.hours == all_hours &&
         (!fields.has_seconds || fields.seconds == all_minutes);
}

/// An instant before everything at which the clock shows `local` or later, and after everything before that.
WallTime just_before(const Zone& zone, LocalTime local) noexcept {
  const LocalInstants instants = zone.resolve(local);
  const WallSeconds first = instants.kind == LocalKind::skipped ? instants.transition : instants.before;
  return WallTime(first) - Duration{1};
}

/// An instant after everything at which the clock shows `local` or earlier.
WallTime just_after(const Zone& zone, LocalTime local) noexcept {
  const LocalInstants instants = zone.resolve(local);
  const WallSeconds last = instants.kind == LocalKind::skipped ? instants.transition : instants.after;
  return last + seconds{1};
}

}  // namespace

std::optional<WallTime> ValidTrigger::next(WallTime after) const noexcept {
  if (validity_.from && after < *validity_.from) after = *validity_.from - Duration{1};
  const auto fire = trigger_->next(after);
  return fire && (!validity_.until || *fire <= *validity_.until) ? fire : std::nullopt;
}

std::optional<WallTime> ValidTrigger::previous(WallTime before) const noexcept {
  if (validity_.until && before > *validity_.until) before = *validity_.until + Duration{1};
  const auto fire = trigger_->previous(before);
  return fire && (!validity_.from || *fire >= *validity_.from) ? fire : std::nullopt;
}

std::string ValidTrigger::ends() const {
  std::string text;
  if (validity_.from) text += ", from " + format_time(*validity_.from, zone_);
  if (validity_.until) text += ", until " + format_time(*validity_.until, zone_);
  return text;
}

std::string ValidTrigger::describe() const { return trigger_->describe() + ends(); }
std::string ValidTrigger::normalise() const { return trigger_->normalise() + ends(); }

ExceptTrigger::ExceptTrigger(std::shared_ptr<const Trigger> trigger, Exclusions exclusions, Zone zone)
    : trigger_(std::move(trigger)), exclusions_(std::move(exclusions)), zone_(zone) {
  auto& patterns = exclusions_.patterns;
  const auto rest = std::ranges::partition(patterns, [](const Cron& cron) { return !is_whole_days(cron); });
  whole_days_.assign(rest.begin(), rest.end());
  patterns.erase(rest.begin(), rest.end());
}

bool ExceptTrigger::excludes_day(LocalDay day) const noexcept {
  if (exclusions_.days.contains(day)) return true;
  return std::ranges::any_of(whole_days_, [day](const Cron& cron) {
    const auto match = cron.first_from(day);
    return match && *match < day + days{1};
  });
}

bool ExceptTrigger::excludes_minute(LocalTime local) const noexcept {
  return std::ranges::any_of(exclusions_.patterns, [local](const Cron& cron) {
    const LocalTime from = cron.fields().has_seconds ? local : std::chrono::floor<minutes>(local);
    const auto match = cron.first_from(from);
    return match == from;
  });
}

std::optional<WallTime> ExceptTrigger::next(WallTime after) const noexcept {
  for (int leaps = 0; leaps < most_leaps; ++leaps) {
    const auto fire = trigger_->next(after);
    if (!fire) return std::nullopt;
    const LocalTime local = zone_.to_local(*fire);
    const auto day = std::chrono::floor<days>(local);
    if (excludes_day(day)) {
      after = std::max(*fire, just_before(zone_, day + days{1}));
    } else if (excludes_minute(local)) {
      after = *fire;
    } else {
      return fire;
    }
  }
  return std::nullopt;
}

std::optional<WallTime> ExceptTrigger::previous(WallTime before) const noexcept {
  for (int leaps = 0; leaps < most_leaps; ++leaps) {
    const auto fire = trigger_->previous(before);
    if (!fire) return std::nullopt;
    const LocalTime local = zone_.to_local(*fire);
    const auto day = std::chrono::floor<days>(local);
    if (excludes_day(day)) {
      before = std::min(*fire, just_after(zone_, LocalTime(day) - seconds{1}));
    } else if (excludes_minute(local)) {
      before = *fire;
    } else {
      return fire;
    }
  }
  return std::nullopt;
}

std::string ExceptTrigger::exceptions() const {
  std::string out;
  for (const std::string& text : exclusions_.texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::string ExceptTrigger::describe() const { return trigger_->describe() + ", except " + exceptions(); }
std::string ExceptTrigger::normalise() const { return trigger_->normalise() + " except [" + exceptions() + "]"; }

}  // namespace belfry::time
