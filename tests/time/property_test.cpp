// What must hold for every expression, zone and year, tried on random ones. The seed of a round is in its message; the
// variable BELFRY_SEED plays one round again, BELFRY_ROUNDS=2000 tries longer (the default suits the slowest
// sanitizer).
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "time/calendar.hpp"
#include "time/cron.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Random = std::mt19937_64;

unsigned pick(Random& random, unsigned least, unsigned most) {
  return least + static_cast<unsigned>(random() % (most - least + 1));
}

unsigned variable(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

/// Runs `check` with the seeds of this run, each of which is printed with what fails.
template <typename Check>
void for_seeds(unsigned rounds, Check check) {
  const unsigned only = variable("BELFRY_SEED", 0);
  const unsigned count = variable("BELFRY_ROUNDS", rounds);
  for (unsigned seed = only != 0 ? only : 1; seed <= (only != 0 ? only : count); ++seed) {
    INFO("BELFRY_SEED=" << seed);
    Random random(seed);
    check(random);
  }
}

std::string value_in(Random& random, unsigned least, unsigned most) {
  const unsigned value = pick(random, least, most);
  switch (pick(random, 0, 3)) {
    case 0:
      return std::to_string(value) + "-" + std::to_string(pick(random, value, most));
    case 1:
      return std::to_string(value) + "-" + std::to_string(most) + "/" + std::to_string(pick(random, 1, 9));
    default:
      return std::to_string(value);
  }
}

/// A field; `often` of ten are free.
std::string field(Random& random, unsigned least, unsigned most, unsigned often) {
  if (pick(random, 1, 10) <= often) return "*";
  if (pick(random, 1, 5) == 1) return "*/" + std::to_string(pick(random, 1, most));
  std::string text = value_in(random, least, most);
  while (pick(random, 1, 3) == 1) text += "," + value_in(random, least, most);
  return text;
}

std::string day_field(Random& random) {
  switch (pick(random, 0, 9)) {
    case 0:
      return "L";
    case 1:
      return "L-" + std::to_string(pick(random, 0, 30));
    case 2:
      return std::to_string(pick(random, 1, 31)) + "W";
    case 3:
      return "LW";
    default:
      return field(random, 1, 31, 6);
  }
}

std::string weekday_field(Random& random) {
  const std::string plus = pick(random, 1, 4) == 1 ? "+" : "";
  switch (pick(random, 0, 9)) {
    case 0:
      return plus + std::to_string(pick(random, 0, 7)) + "L";
    case 1:
      return plus + std::to_string(pick(random, 0, 7)) + "#" + std::to_string(pick(random, 1, 5));
    case 2:
      return plus + value_in(random, 0, 7);
    default:
      return field(random, 0, 7, 7);
  }
}

/// Seconds in front, in the standard dialect; may name a date that never comes.
std::string expression(Random& random) {
  const std::string second = pick(random, 1, 3) == 1 ? field(random, 0, 59, 1) : "0";
  return second + " " + field(random, 0, 59, 3) + " " + field(random, 0, 23, 4) + " " + day_field(random) + " " +
         field(random, 1, 12, 7) + " " + weekday_field(random);
}

Cron random_cron(Random& random, std::string& text) {
  for (;;) {
    text = expression(random);
    if (const auto cron = parse_cron(text)) return *cron;
  }
}

const std::vector<std::string>& odd_zones() {
  static const std::vector<std::string> zones{
      "Europe/Berlin",     "Europe/Dublin",    "America/New_York",    "America/St_Johns", "America/Sao_Paulo",
      "America/Havana",    "America/Asuncion", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca",
      "Africa/Cairo",      "Asia/Gaza",        "Asia/Tehran",         "Asia/Kathmandu",   "Pacific/Apia",
      "Pacific/Kwajalein", "Pacific/Chatham",  "America/Caracas",     "Asia/Pyongyang",   "UTC"};
  return zones;
}

Zone random_zone(Random& random) {
  const auto& names = pick(random, 0, 1) == 0 ? odd_zones() : zone_names();
  return test::zone(names[random() % names.size()]);
}

/// 1970 to 2190, near a change of the clock every other time.
WallTime random_instant(Random& random, const Zone& zone) {
  const WallTime any{seconds(static_cast<std::int64_t>(random() % (220ULL * 365 * 86400)))};
  const auto change = pick(random, 0, 1) == 0 ? zone.next_transition(any) : std::nullopt;
  return change ? WallTime(change->at) - hours{2} + minutes{random() % 120} : any;
}

DstPolicy random_policy(Random& random) {
  return {static_cast<DstGap>(pick(random, 0, 2)), static_cast<DstOverlap>(pick(random, 0, 2)),
          pick(random, 0, 1) == 0};
}

/// The rule of the two day fields and of every special day, as sentences of their own.
bool matches_date(const CronFields& f, std::chrono::local_days date) {
  const std::chrono::year_month_day ymd(date);
  const auto day = static_cast<unsigned>(ymd.day());
  const auto weekday = std::chrono::weekday(date).c_encoding();
  const auto last = std::chrono::local_days(ymd.year() / ymd.month() / std::chrono::last);
  const auto length = static_cast<unsigned>(std::chrono::year_month_day(last).day());
  const auto has = [](std::uint64_t bits, unsigned n) { return (bits >> n & 1U) != 0; };
  const auto is_nearest_working_day_of = [&](unsigned target) {
    if (target < 1 || target > length || weekday == 0 || weekday == 6) return false;
    if (day == target) return true;
    // Friday before a Saturday, Monday behind a Sunday; at the month's ends the other way, two days off.
    const auto target_weekday = (weekday + 35 + target - day) % 7;
    if (target_weekday == 6) return target == 1 ? day == 3 : day + 1 == target;
    return target_weekday == 0 && (target == length ? day + 2 == target : day == target + 1);
  };
  bool by_day = has(f.days, day) || has(f.days_from_end, length - day);
  for (unsigned n = 0; n <= 31; ++n) {
    if (has(f.nearest_weekdays, n)) by_day = by_day || is_nearest_working_day_of(n);
    if (n < length && has(f.nearest_weekdays_from_end, n)) by_day = by_day || is_nearest_working_day_of(length - n);
  }
  const bool by_weekday = has(f.weekdays, weekday) || has(f.nth_weekdays[(day - 1) / 7], weekday) ||
                          (has(f.last_weekdays, weekday) && day + 7 > length);
  const bool both = f.any_day || f.any_weekday || f.day_and_weekday;
  const bool in_month = has(f.months, static_cast<unsigned>(ymd.month()));
  return in_month && (both ? by_day && by_weekday : by_day || by_weekday);
}

bool allows(const CronFields& f, LocalTime local) {
  const auto date = std::chrono::floor<days>(local);
  const auto second = static_cast<unsigned>((local - date).count());
  return (f.hours >> (second / 3600) & 1U) != 0 && (f.minutes >> (second / 60 % 60) & 1U) != 0 &&
         (f.seconds >> (second % 60) & 1U) != 0 && matches_date(f, date);
}

/// Whether an instant is a fire, from what the policies promise: nothing here searches.
class Judge {
 public:
  Judge(const Cron& cron, const Zone& zone, DstPolicy policy)
      : cron_(cron),
        zone_(zone),
        gap_(policy.wildcards_follow_real_time && cron.is_wild() ? DstGap::skip : policy.gap),
        overlap_(policy.wildcards_follow_real_time && cron.is_wild() ? DstOverlap::both : policy.overlap) {}

  bool fires_at(WallSeconds instant) const {
    const LocalTime local = zone_.to_local(instant);
    return shown(instant, local) || replayed(instant);
  }

 private:
  /// The clock shows a matching time, and the policy takes this pass.
  bool shown(WallSeconds instant, LocalTime local) const {
    if (!allows(cron_.fields(), local)) return false;
    const LocalInstants instants = zone_.resolve(local);
    if (instants.kind != LocalKind::repeated || overlap_ == DstOverlap::both) return true;
    return (overlap_ == DstOverlap::first) == (instant == instants.before);
  }

  /// A skipped time was moved here.
  bool replayed(WallSeconds instant) const {
    if (gap_ == DstGap::skip) return false;
    const auto change = zone_.previous_transition(instant + seconds{1});
    if (!change || change->offset_after <= change->offset_before) return false;
    const seconds length = change->offset_after - change->offset_before;
    if (length > longest_replayed_gap || instant - change->at >= length) return false;
    const LocalTime skipped{change->at.time_since_epoch() + change->offset_before};
    if (gap_ == DstGap::shift) return allows(cron_.fields(), skipped + (instant - change->at));
    if (instant != change->at) return false;
    for (seconds n{0}; n < length; ++n) {
      if (allows(cron_.fields(), skipped + n)) return true;
    }
    return false;
  }

  const Cron& cron_;
  const Zone& zone_;
  DstGap gap_;
  DstOverlap overlap_;
};

TEST_CASE("property: next and previous are what trying every second finds") {
  for_seeds(60, [](Random& random) {
    std::string text;
    const Cron cron = random_cron(random, text);
    const Zone zone = random_zone(random);
    const DstPolicy policy = random_policy(random);
    const auto start = std::chrono::floor<seconds>(random_instant(random, zone));
    INFO(text << " in " << zone.name() << " after " << format_utc(start) << ", gap " << static_cast<int>(policy.gap)
              << ", overlap " << static_cast<int>(policy.overlap) << ", real time "
              << policy.wildcards_follow_real_time);
    const CronTrigger trigger(cron, zone, policy);
    const Judge judge(cron, zone, policy);
    const WallSeconds end = start + hours{5};
    std::vector<WallTime> expected;
    for (WallSeconds instant = start + seconds{1}; instant <= end; ++instant) {
      if (judge.fires_at(instant)) expected.emplace_back(instant);
    }
    std::vector<WallTime> found;
    for (const WallTime fire : trigger.between(start, end)) found.push_back(fire);
    CHECK(found == expected);
    std::vector<WallTime> backwards;
    for (auto fire = trigger.previous(WallTime(end) + Duration{1}); fire && *fire > start;
         fire = trigger.previous(*fire)) {
      backwards.insert(backwards.begin(), *fire);
    }
    CHECK(backwards == expected);
  });
}

TEST_CASE("property: fires come in order, and none lies between an instant and the next one") {
  for_seeds(200, [](Random& random) {
    std::string text;
    const Cron cron = random_cron(random, text);
    const Zone zone = random_zone(random);
    const DstPolicy policy = random_policy(random);
    const CronTrigger trigger(cron, zone, policy);
    const Judge judge(cron, zone, policy);
    WallTime instant = random_instant(random, zone);
    INFO(text << " in " << zone.name() << " after " << format_utc(instant));
    for (int i = 0; i < 10; ++i) {
      const auto next = trigger.next(instant);
      if (!next) break;
      REQUIRE(*next > instant);
      CHECK(judge.fires_at(std::chrono::floor<seconds>(*next)));
      // From anywhere before it the same fire is next, and from anywhere behind the last one it is the previous.
      const auto room = static_cast<std::uint64_t>((*next - instant).count());
      const WallTime between = instant + Duration(static_cast<Duration::rep>(random() % room));
      CHECK(trigger.next(between) == next);
      CHECK(trigger.previous(*next + Duration{1}) == next);
      if (i > 0) CHECK(trigger.previous(*next) == instant);
      instant = *next;
    }
  });
}

TEST_CASE("property: the canonical text of a random expression is equal to it") {
  for_seeds(300, [](Random& random) {
    std::string text;
    const Cron cron = random_cron(random, text);
    const auto again = parse_cron(cron.normalise());
    INFO(text << " is " << cron.normalise());
    REQUIRE(again);
    CHECK(*again == cron);
    CHECK(again->normalise() == cron.normalise());
    CHECK(again->describe() == cron.describe());
  });
}

/// How often a daily job at each of these times fires around a change, counted from the change alone.
struct Promise {
  std::size_t vixie = 0;
  std::size_t naive = 0;
};

TEST_CASE("property: at every transition of every zone from 1990 to 2040, jobs fire as often as promised") {
  const WallTime first = test::at("1990-01-01T00:00:00Z");
  const WallTime last = test::at("2040-01-01T00:00:00Z");
  for (const std::string& name : zone_names()) {
    const Zone zone = test::zone(name);
    for (auto change = zone.next_transition(first); change && change->at < last;
         change = zone.next_transition(change->at)) {
      const seconds shift = change->offset_after - change->offset_before;
      const LocalTime from{change->at.time_since_epoch() + change->offset_before};
      const LocalTime to{change->at.time_since_epoch() + change->offset_after};
      const LocalTime middle = std::min(from, to) + std::chrono::abs(shift) / 2;
      const auto near = zone.next_transition(change->at);
      if (near && near->at - change->at < hours{30}) continue;  // two changes in one day have no promise each
      const std::chrono::year_month_day ymd(std::chrono::floor<days>(middle));
      const std::chrono::hh_mm_ss time(middle - std::chrono::floor<days>(middle));
      const std::string text = std::to_string(time.seconds().count()) + " " + std::to_string(time.minutes().count()) +
                               " " + std::to_string(time.hours().count()) + " " +
                               std::to_string(static_cast<unsigned>(ymd.day())) + " " +
                               std::to_string(static_cast<unsigned>(ymd.month())) + " *";
      const bool is_gap = shift > seconds{0};
      const bool season = shift <= longest_replayed_gap;
      const Promise promise{!is_gap || season ? 1U : 0U, is_gap ? 0U : 2U};
      const Cron cron = parse_cron(text).value();
      const WallTime begin = WallTime(change->at) - hours{26};
      const WallTime end = WallTime(change->at) + hours{26};
      const auto count = [&](DstPolicy policy) {
        return fires_between(CronTrigger(cron, zone, policy), begin, end, 10);
      };
      const auto vixie = count(dst_cronie);
      const auto naive = count(dst_real_time);
      if (vixie.size() != promise.vixie || naive.size() != promise.naive ||
          (is_gap && season && vixie.front() != WallTime(change->at))) {
        FAIL_CHECK(name << " " << format_utc(change->at) << " " << text << ": " << vixie.size() << " by vixie, "
                        << naive.size() << " naive");
      }
      // Every quarter of an hour, by real time: the clock's change neither takes one nor adds one, if it is whole
      // quarters.
      const bool quarters = shift % minutes{15} == seconds{0} && change->offset_before % minutes{15} == seconds{0};
      if (!quarters) continue;
      const CronTrigger often(parse_cron("*/15 * * * *").value(), zone);
      const auto all = fires_between(often, WallTime(change->at) - hours{3}, WallTime(change->at) + hours{3}, 100);
      if (all.size() != 24)
        FAIL_CHECK(name << " " << format_utc(change->at) << ": " << all.size() << " quarters in 6 hours");
    }
  }
}

}  // namespace
}  // namespace belfry::time
