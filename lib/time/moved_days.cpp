#include "time/moved_days.hpp"

#include <algorithm>
#include <bit>

namespace belfry::time {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

constexpr seconds last_second = days{1} - seconds{1};

}  // namespace

/// The days whose times fall on `day`, which is not off: itself and the days off that are moved to it.
MovedPattern::Days MovedPattern::gathered_on(LocalDay day) const noexcept {
  if (to_ == MoveTo::after) {
    const auto before = days_off_->last_outside(day - days{1});
    return {before ? *before + days{1} : first_local_day, day};
  }
  const auto after = days_off_->first_outside(day + days{1});
  return {day, after ? *after - days{1} : last_local_day};
}

std::optional<LocalDay> MovedPattern::home_of(LocalDay day) const noexcept {
  return to_ == MoveTo::after ? days_off_->first_outside(day) : days_off_->last_outside(day);
}

std::optional<LocalTime> MovedPattern::first_from(LocalTime from) const noexcept {
  from = std::max<LocalTime>(from, first_local_day);
  auto day = days_off_->first_outside(floor<days>(from));
  seconds time = day && *day == floor<days>(from) ? from - *day : seconds{0};
  while (day) {
    const Days gathered = gathered_on(*day);
    std::optional<LocalTime> first;
    for (LocalDay source = gathered.first; source <= gathered.last; source += days{1}) {
      const auto match = pattern_->first_from(source + time);
      if (!match) break;
      const auto matched = floor<days>(*match);
      if (matched == source && (!first || *day + (*match - source) < *first)) first = *day + (*match - source);
      if (matched > source) source = std::min(matched - days{1}, gathered.last);
    }
    if (first) return first;
    const auto later = pattern_->first_from(gathered.last + days{1});
    if (!later) return std::nullopt;
    day = home_of(floor<days>(*later));
    time = seconds{0};
  }
  return std::nullopt;
}

std::optional<LocalTime> MovedPattern::last_until(LocalTime until) const noexcept {
  until = std::min<LocalTime>(until, last_local_day + last_second);
  auto day = days_off_->last_outside(floor<days>(until));
  seconds time = day && *day == floor<days>(until) ? until - *day : last_second;
  while (day) {
    const Days gathered = gathered_on(*day);
    std::optional<LocalTime> last;
    for (LocalDay source = gathered.last; source >= gathered.first; source -= days{1}) {
      const auto match = pattern_->last_until(source + time);
      if (!match) break;
      const auto matched = floor<days>(*match);
      if (matched == source) last = std::max(last, std::optional<LocalTime>(*day + (*match - source)));
      if (matched < source) source = std::max(matched + days{1}, gathered.first);
    }
    if (last) return last;
    const auto earlier = pattern_->last_until(gathered.first - seconds{1});
    if (!earlier) return std::nullopt;
    day = home_of(floor<days>(*earlier));
    time = last_second;
  }
  return std::nullopt;
}

NthPattern::NthPattern(const Cron& cron, unsigned n, LocalTime anchor) noexcept
    : cron_(cron),
      n_(n),
      anchor_(anchor),
      a_day_(static_cast<std::uint64_t>(std::popcount(cron.fields().hours) * std::popcount(cron.fields().minutes) *
                                        std::popcount(cron.fields().seconds))),
      before_anchor_(matches_within_day(anchor)) {}

/// How many of the matching times of its day lie before `local`.
std::uint64_t NthPattern::matches_within_day(LocalTime local) const noexcept {
  const auto day = floor<days>(local);
  const auto match = cron_.first_from(day);
  if (!match || *match >= day + days{1}) return 0;
  const auto below = [](std::uint64_t bits, unsigned n) {
    return static_cast<std::uint64_t>(std::popcount(bits & ((std::uint64_t{1} << n) - 1)));
  };
  const auto is_in = [](std::uint64_t bits, unsigned n) { return (bits >> n & 1U) != 0; };
  const CronFields& fields = cron_.fields();
  const auto of_day = static_cast<unsigned>((local - day).count());
  const unsigned hour = of_day / 3600;
  const unsigned minute = of_day / 60 % 60;
  const auto a_minute = below(fields.seconds, 60);
  std::uint64_t count = below(fields.hours, hour) * below(fields.minutes, 60) * a_minute;
  if (!is_in(fields.hours, hour)) return count;
  count += below(fields.minutes, minute) * a_minute;
  return is_in(fields.minutes, minute) ? count + below(fields.seconds, of_day % 60) : count;
}

/// How many times match from the anchor on and before `local`. REQUIRES: local >= anchor.
std::uint64_t NthPattern::matches_before(LocalTime local) const noexcept {
  const auto today = floor<days>(local);
  std::uint64_t count = 0;
  for (auto match = cron_.first_from(floor<days>(anchor_)); match && *match < today;) {
    count += a_day_;
    match = cron_.first_from(floor<days>(*match) + days{1});
  }
  return count + matches_within_day(local) - before_anchor_;
}

std::optional<LocalTime> NthPattern::first_from(LocalTime from) const noexcept {
  from = std::max(from, anchor_);
  std::uint64_t past = matches_before(from) % n_;
  auto match = cron_.first_from(from);
  for (; match && past != 0; past = (past + 1) % n_) match = cron_.first_from(*match + seconds{1});
  return match;
}

std::optional<LocalTime> NthPattern::last_until(LocalTime until) const noexcept {
  if (until < anchor_) return std::nullopt;
  auto match = cron_.last_until(until);
  if (!match || *match < anchor_) return std::nullopt;
  for (std::uint64_t past = matches_before(*match) % n_; match && past != 0; --past) {
    match = cron_.last_until(*match - seconds{1});
  }
  return match;
}

}  // namespace belfry::time
