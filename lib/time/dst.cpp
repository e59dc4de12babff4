#include "time/dst.hpp"

#include <algorithm>

namespace belfry::time {
namespace {

using std::chrono::seconds;

constexpr seconds one_second{1};

// Patterns match in the local years 1900 to 2199; no offset is longer than a day. Outside there is nothing to look for,
// and inside no sum of an instant and an offset can overflow.
constexpr WallTime earliest = std::chrono::sys_days{
    std::chrono::year_month_day{std::chrono::year{1899}, std::chrono::month{12}, std::chrono::day{30}}};
constexpr WallTime latest = std::chrono::sys_days{
    std::chrono::year_month_day{std::chrono::year{2200}, std::chrono::month{1}, std::chrono::day{3}}};

/// A change of the offset, as local times: the clock reaches `from` and goes on at `to`.
struct Jump {
  LocalTime from;
  LocalTime to;
  seconds offset_before;

  bool is_gap() const noexcept { return to > from; }
};

/// The jump that a skipped or repeated local time belongs to.
Jump jump_of(LocalTime local, const LocalInstants& instants) noexcept {
  const seconds offset_before = local.time_since_epoch() - instants.before.time_since_epoch();
  const seconds offset_after = local.time_since_epoch() - instants.after.time_since_epoch();
  const seconds transition = instants.transition.time_since_epoch();
  return {LocalTime(transition + offset_before), LocalTime(transition + offset_after), offset_before};
}

Jump jump_of(const Transition& change) noexcept {
  const seconds transition = change.at.time_since_epoch();
  return {LocalTime(transition + change.offset_before), LocalTime(transition + change.offset_after),
          change.offset_before};
}

WallSeconds instant_of(LocalTime local, seconds offset) noexcept {
  return WallSeconds(local.time_since_epoch() - offset);
}

std::optional<WallSeconds> earlier(std::optional<WallSeconds> a, std::optional<WallSeconds> b) noexcept {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<WallSeconds> later(std::optional<WallSeconds> a, std::optional<WallSeconds> b) noexcept {
  return std::max(a, b);  // none is less than any
}

/// One search for one pattern. Both directions follow the same plan: where the clock is monotonic, the next matching
/// local time is the next fire; only around the jump nearest to the start the order of local times and instants
/// differs.
class Search {
 public:
  Search(const LocalPattern& pattern, const Zone& zone, DstPolicy policy) noexcept
      : pattern_(pattern),
        zone_(zone),
        gap_(policy.wildcards_follow_real_time && pattern.is_wild() ? DstGap::skip : policy.gap),
        overlap_(policy.wildcards_follow_real_time && pattern.is_wild() ? DstOverlap::both : policy.overlap) {}

  /// The first fire later than `after`.
  std::optional<WallSeconds> forward(WallSeconds after) const noexcept {
    const LocalTime local = zone_.to_local(after);
    const LocalInstants here = zone_.resolve(local);
    LocalTime from = local + one_second;
    if (here.kind == LocalKind::repeated) {
      const Jump jump = jump_of(local, here);
      const bool first_pass = after < here.transition;
      if (first_pass && overlap_ == DstOverlap::second) from = jump.to;
      if (!first_pass && overlap_ == DstOverlap::first) from = jump.from;
      if (first_pass && overlap_ == DstOverlap::both) {
        const auto again = match_in(from, jump.from);
        if (again) return zone_.resolve(*again).before;
        const auto second = match_in(jump.to, jump.from);
        if (second) return zone_.resolve(*second).after;
        from = jump.from;
      }
    }
    return earlier(first_from(from, after), shifted_after(after));
  }

  /// The last fire at or before `until`.
  std::optional<WallSeconds> backward(WallSeconds until) const noexcept {
    LocalTime end = zone_.to_local(until);
    const LocalInstants here = zone_.resolve(end);
    if (here.kind == LocalKind::repeated) {
      const Jump jump = jump_of(end, here);
      const bool first_pass = until < here.transition;
      if (first_pass && overlap_ == DstOverlap::second) end = jump.to - one_second;
      if (!first_pass && overlap_ == DstOverlap::first) end = jump.from - one_second;
      if (!first_pass && overlap_ == DstOverlap::both) {
        const auto second = last_match_in(jump.to, end);
        if (second) return zone_.resolve(*second).after;
        end = jump.from - one_second;
        const auto first = last_match_in(jump.to, end);
        if (first) return zone_.resolve(*first).before;
        end = jump.to - one_second;
      }
    }
    return later(last_until(end, until), shifted_until(until));
  }

 private:
  bool replays(const Jump& jump) const noexcept {
    return gap_ != DstGap::skip && jump.to - jump.from <= longest_replayed_gap;
  }

  std::optional<LocalTime> match_in(LocalTime from, LocalTime end) const noexcept {
    const auto match = pattern_.first_from(from);
    return match && *match < end ? match : std::nullopt;
  }

  std::optional<LocalTime> last_match_in(LocalTime from, LocalTime until) const noexcept {
    const auto match = pattern_.last_until(until);
    return match && *match >= from ? match : std::nullopt;
  }

  /// The fire of the first match at or after `from`, which no fire after `after` precedes.
  std::optional<WallSeconds> first_from(LocalTime from, WallSeconds after) const noexcept {
    while (const auto match = pattern_.first_from(from)) {
      const LocalInstants instants = zone_.resolve(*match);
      if (instants.kind == LocalKind::unique) return instants.before;
      if (instants.kind == LocalKind::repeated) {
        const bool first = overlap_ != DstOverlap::second && instants.before > after;
        return first ? instants.before : instants.after;
      }
      const Jump jump = jump_of(*match, instants);
      if (replays(jump) && gap_ == DstGap::run_after) return instants.transition;
      if (replays(jump)) return earlier(instants.before, first_from_unskipped(jump.to));
      from = jump.to;
    }
    return std::nullopt;
  }

  /// After a gap whose skipped times are shifted behind it: the first match there fires at its own time.
  std::optional<WallSeconds> first_from_unskipped(LocalTime from) const noexcept {
    const auto match = pattern_.first_from(from);
    return match ? std::optional(zone_.resolve(*match).before) : std::nullopt;
  }

  /// The last fire of a match at or before `end`.
  std::optional<WallSeconds> last_until(LocalTime end, WallSeconds until) const noexcept {
    while (const auto match = pattern_.last_until(end)) {
      const LocalInstants instants = zone_.resolve(*match);
      if (instants.kind == LocalKind::unique) return instants.before;
      if (instants.kind == LocalKind::repeated) {
        const bool second = overlap_ != DstOverlap::first && instants.after <= until;
        return second ? instants.after : instants.before;
      }
      const Jump jump = jump_of(*match, instants);
      if (replays(jump) && gap_ == DstGap::run_after) return instants.transition;
      end = jump.from - one_second;
      // Shifted fires lie behind the gap; those not later than `until` are found here when no other jump is between.
      if (replays(jump)) {
        const auto shifted = last_match_in(jump.from, std::min(jump.to - one_second, to_local(until, jump)));
        if (shifted) return instant_of(*shifted, jump.offset_before);
      }
    }
    return std::nullopt;
  }

  static LocalTime to_local(WallSeconds instant, const Jump& jump) noexcept {
    return LocalTime(instant.time_since_epoch() + jump.offset_before);
  }

  /// With shifted gaps: the first fire after `after` of a time skipped by a jump that has already happened.
  std::optional<WallSeconds> shifted_after(WallSeconds after) const noexcept {
    if (gap_ != DstGap::shift) return std::nullopt;
    const auto change = zone_.previous_transition(after + one_second);
    if (!change) return std::nullopt;
    const Jump jump = jump_of(*change);
    if (!jump.is_gap() || !replays(jump)) return std::nullopt;
    const auto match = match_in(to_local(after, jump) + one_second, jump.to);
    return match ? std::optional(instant_of(*match, jump.offset_before)) : std::nullopt;
  }

  std::optional<WallSeconds> shifted_until(WallSeconds until) const noexcept {
    if (gap_ != DstGap::shift) return std::nullopt;
    const auto change = zone_.previous_transition(until + one_second);
    if (!change) return std::nullopt;
    const Jump jump = jump_of(*change);
    if (!jump.is_gap() || !replays(jump)) return std::nullopt;
    const auto match = last_match_in(jump.from, std::min(jump.to - one_second, to_local(until, jump)));
    return match ? std::optional(instant_of(*match, jump.offset_before)) : std::nullopt;
  }

  const LocalPattern& pattern_;
  const Zone& zone_;
  DstGap gap_;
  DstOverlap overlap_;
};

}  // namespace

std::optional<WallTime> next_fire(const LocalPattern& pattern, const Zone& zone, DstPolicy policy,
                                  WallTime after) noexcept {
  if (after >= latest) return std::nullopt;
  return Search(pattern, zone, policy).forward(std::chrono::floor<seconds>(std::max(after, earliest)));
}

std::optional<WallTime> previous_fire(const LocalPattern& pattern, const Zone& zone, DstPolicy policy,
                                      WallTime before) noexcept {
  if (before <= earliest) return std::nullopt;
  return Search(pattern, zone, policy).backward(std::chrono::ceil<seconds>(std::min(before, latest)) - one_second);
}

}  // namespace belfry::time
