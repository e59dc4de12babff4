#include "time/zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "time/zone_names.hpp"

namespace belfry::time {

using std::chrono::seconds;

struct Zone::Data {
  std::string name;
  absl::TimeZone rules;
};

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

}  // namespace

Zone::Zone() noexcept {
  // Never destroyed: zones outlive every static. Made once; without memory for it the program ends.
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
  static const Data* const utc = new Data{"UTC", absl::UTCTimeZone()};
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
    slot = std::make_unique<const Data>(Data{std::string(name), rules});
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
  return LocalTime(whole.time_since_epoch() + seconds(data_->rules.At(to_absl(whole)).offset));
}

LocalInstants Zone::resolve(LocalTime local) const noexcept {
  const auto info = data_->rules.At(absl::CivilSecond() + local.time_since_epoch().count());
  LocalKind kind = LocalKind::unique;
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) kind = LocalKind::skipped;
  if (info.kind == absl::TimeZone::TimeInfo::REPEATED) kind = LocalKind::repeated;
  return {kind, from_absl(info.pre), from_absl(info.trans), from_absl(info.post)};
}

std::optional<Transition> Zone::next_transition(WallTime instant) const noexcept {
  // absl means "at or after the next instant"; changes of the name alone are none for us.
  absl::Time from = to_absl(std::chrono::floor<seconds>(instant));
  absl::TimeZone::CivilTransition change;
  while (data_->rules.NextTransition(from, &change)) {
    const Transition found = to_transition(data_->rules, change);
    if (found.offset_before != found.offset_after) return found;
    from = to_absl(found.at);
  }
  return std::nullopt;
}

std::optional<Transition> Zone::previous_transition(WallTime instant) const noexcept {
  absl::Time from = to_absl(std::chrono::ceil<seconds>(instant));
  absl::TimeZone::CivilTransition change;
  while (data_->rules.PrevTransition(from, &change)) {
    const Transition found = to_transition(data_->rules, change);
    if (found.offset_before != found.offset_after) return found;
    from = to_absl(found.at);
  }
  return std::nullopt;
}

}  // namespace belfry::time
