#include "time/zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "time/zone_names.hpp"

namespace belfry::time {

using std::chrono::seconds;

namespace {

absl::Time to_absl(WallSeconds instant) noexcept { return absl::FromUnixSeconds(instant.time_since_epoch().count()); }

WallSeconds from_absl(absl::Time instant) noexcept { return WallSeconds(seconds(absl::ToUnixSeconds(instant))); }

seconds since_1970(absl::CivilSecond local) noexcept { return seconds(local - absl::CivilSecond()); }

Transition to_transition(const absl::TimeZone& rules, const absl::TimeZone::CivilTransition& change) noexcept {
  // The local time after a jump forward is unique and its instant is that of the jump; after a jump back it is the
  // first repeated one, of which absl knows the transition. `trans` is right in both cases.
  const WallSeconds at = from_absl(rules.At(change.to).trans);
  return {at, since_1970(change.from) - at.time_since_epoch(), since_1970(change.to) - at.time_since_epoch()};
}

/// The first change of the offset after an instant; absl counts changes of the name alone too.
std::optional<Transition> change_after(const absl::TimeZone& rules, WallSeconds instant) noexcept {
  // absl means "at or after the next instant"
  absl::Time from = to_absl(instant);
  absl::TimeZone::CivilTransition change;
  while (rules.NextTransition(from, &change)) {
    const Transition found = to_transition(rules, change);
    if (found.offset_before != found.offset_after) return found;
    from = to_absl(found.at);
  }
  return std::nullopt;
}

// All that a schedule asks lies within; a day and more of room on both sides for the offsets.
constexpr WallSeconds first_covered = std::chrono::sys_days(std::chrono::year{1899} / 1 / 1);
constexpr WallSeconds last_covered = std::chrono::sys_days(std::chrono::year{2201} / 1 / 1);

LocalTime with_offset(WallSeconds instant, seconds offset) noexcept {
  return LocalTime(instant.time_since_epoch() + offset);
}

WallSeconds with_offset(LocalTime local, seconds offset) noexcept {
  return WallSeconds(local.time_since_epoch() - offset);
}

/// The changes of a zone from 1899 to 2200 in one sorted array: a look-up is a search in some hundred entries, five
/// times faster than to ask absl, which converts to years and months and back.
class Changes {
 public:
  Changes() = default;
  explicit Changes(const absl::TimeZone& rules) : first_offset_(rules.At(to_absl(first_covered)).offset) {
    for (auto change = change_after(rules, first_covered); change && change->at < last_covered;
         change = change_after(rules, change->at)) {
      changes_.push_back(*change);
    }
  }

  static bool covers(WallSeconds instant) noexcept { return instant > first_covered && instant < last_covered; }
  static bool covers(LocalTime local) noexcept {
    constexpr std::chrono::days room{2};
    return covers(WallSeconds(local.time_since_epoch() - room)) && covers(WallSeconds(local.time_since_epoch() + room));
  }

  seconds offset_at(WallSeconds instant) const noexcept {
    const auto next = std::ranges::upper_bound(changes_, instant, {}, &Transition::at);
    return next == changes_.begin() ? first_offset_ : std::prev(next)->offset_after;
  }

  // By the old clock a change is reached at `at + offset_before`. A skipped time lies behind that point, a repeated one
  // before it. No two changes are so close that the points are not in order.
  LocalInstants resolve(LocalTime local) const noexcept {
    const auto reached = [](const Transition& change) { return with_offset(change.at, change.offset_before); };
    const auto next = std::ranges::upper_bound(changes_, local, {}, reached);
    if (next != changes_.end() && local >= with_offset(next->at, next->offset_after)) {
      return of_change(LocalKind::repeated, local, *next);
    }
    if (next == changes_.begin()) return unique(with_offset(local, first_offset_));
    const Transition& last = *std::prev(next);
    if (local < with_offset(last.at, last.offset_after)) return of_change(LocalKind::skipped, local, last);
    return unique(with_offset(local, last.offset_after));
  }

  std::optional<Transition> after(WallSeconds instant) const noexcept {
    const auto next = std::ranges::upper_bound(changes_, instant, {}, &Transition::at);
    return next == changes_.end() ? std::nullopt : std::optional(*next);
  }

  std::optional<Transition> before(WallSeconds instant) const noexcept {
    const auto next = std::ranges::lower_bound(changes_, instant, {}, &Transition::at);
    return next == changes_.begin() ? std::nullopt : std::optional(*std::prev(next));
  }

 private:
  static LocalInstants unique(WallSeconds instant) noexcept { return {LocalKind::unique, instant, instant, instant}; }

  static LocalInstants of_change(LocalKind kind, LocalTime local, const Transition& change) noexcept {
    return {kind, with_offset(local, change.offset_before), change.at, with_offset(local, change.offset_after)};
  }

  seconds first_offset_{0};
  std::vector<Transition> changes_;
};

}  // namespace

struct Zone::Data {
  std::string name;
  absl::TimeZone rules;
  Changes changes;
};

Zone::Zone() noexcept {
  // Never destroyed: zones outlive every static. Made once; without memory for it the program ends.
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
  static const Data* const utc = new Data{"UTC", absl::UTCTimeZone(), Changes()};
  data_ = utc;
}

Parsed<Zone> Zone::load(std::string_view name) {
  if (name == "UTC") return Zone();
  const auto checked = detail::check_zone_name(name);
  if (!checked) return std::unexpected(checked.error());

  using Key = std::pair<unsigned, std::string>;
  static std::mutex lock;
  static auto* const loaded = new std::map<Key, std::unique_ptr<const Data>>;
  const unsigned generation = detail::zone_generation();
  const std::lock_guard guard(lock);
  std::unique_ptr<const Data>& slot = (*loaded)[Key(generation, name)];
  if (!slot) {
    // absl remembers what it loaded by the spelling of the path for ever; one more "./" per generation reads it anew.
    std::string path = detail::zone_directory() + "/";
    for (unsigned i = 0; i < generation; ++i) path += "./";
    path += name;
    absl::TimeZone rules;
    if (!absl::LoadTimeZone(path, &rules)) return std::unexpected(detail::unknown_zone(name));
    slot = std::make_unique<const Data>(Data{std::string(name), rules, Changes(rules)});
  }
  return Zone(slot.get());
}

const std::string& Zone::name() const noexcept { return data_->name; }

ZoneOffset Zone::at(WallTime instant) const noexcept {
  const auto info = data_->rules.At(to_absl(std::chrono::floor<seconds>(instant)));
  return {seconds(info.offset), info.is_dst, info.zone_abbr};
}

LocalTime Zone::to_local(WallTime instant) const noexcept {
  const WallSeconds whole = std::chrono::floor<seconds>(instant);
  if (Changes::covers(whole)) return with_offset(whole, data_->changes.offset_at(whole));
  return with_offset(whole, seconds(data_->rules.At(to_absl(whole)).offset));
}

LocalInstants Zone::resolve(LocalTime local) const noexcept {
  if (Changes::covers(local)) return data_->changes.resolve(local);
  const auto info = data_->rules.At(absl::CivilSecond() + local.time_since_epoch().count());
  LocalKind kind = LocalKind::unique;
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) kind = LocalKind::skipped;
  if (info.kind == absl::TimeZone::TimeInfo::REPEATED) kind = LocalKind::repeated;
  return {kind, from_absl(info.pre), from_absl(info.trans), from_absl(info.post)};
}

std::optional<Transition> Zone::next_transition(WallTime instant) const noexcept {
  const WallSeconds from = std::chrono::floor<seconds>(instant);
  return Changes::covers(from) ? data_->changes.after(from) : change_after(data_->rules, from);
}

std::optional<Transition> Zone::previous_transition(WallTime instant) const noexcept {
  const WallSeconds whole = std::chrono::ceil<seconds>(instant);
  if (Changes::covers(whole)) return data_->changes.before(whole);
  absl::Time from = to_absl(whole);
  absl::TimeZone::CivilTransition change;
  while (data_->rules.PrevTransition(from, &change)) {
    const Transition found = to_transition(data_->rules, change);
    if (found.offset_before != found.offset_after) return found;
    from = to_absl(found.at);
  }
  return std::nullopt;
}

}  // namespace belfry::time
