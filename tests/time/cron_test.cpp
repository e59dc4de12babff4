#include "time/cron.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "time/schedule.hpp"
#include "time_text.hpp"

// The sanitizers bring an operator new of their own, which cannot be counted: allocations are counted without them.
#ifdef __has_feature
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define BELFRY_SANITIZED
#endif
#endif
#ifndef BELFRY_SANITIZED
namespace {

std::atomic<std::size_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace belfry::time {
namespace {

using test::at;
using test::zone;

ParseError error_of(std::string_view text, CronDialect dialect = CronDialect::standard) {
  const auto cron = parse_cron(text, dialect);
  INFO(text);
  REQUIRE_FALSE(cron.has_value());
  return cron.error();
}

std::string describe(std::string_view text, CronDialect dialect = CronDialect::standard) {
  const auto cron = parse_cron(text, dialect);
  INFO(text);
  REQUIRE(cron.has_value());
  return cron->describe();
}

std::string next(std::string_view text, std::string_view after) {
  const auto found = CronTrigger(parse_cron(text).value(), Zone()).next(at(after));
  return found ? format_utc(*found) : "never";
}

TEST_CASE("cron: five fields are minute, hour, day, month, weekday") {
  CHECK(next("30 2 * * *", "2026-01-01T00:00:00Z") == "2026-01-01T02:30:00Z");
  CHECK(next("30 2 * * *", "2026-01-01T02:30:00Z") == "2026-01-02T02:30:00Z");
  CHECK(next("0 0 1 1 *", "2026-01-01T00:00:00Z") == "2027-01-01T00:00:00Z");
  CHECK(next("0 12 * * MON", "2026-11-20T00:00:00Z") == "2026-11-23T12:00:00Z");
}

TEST_CASE("cron: six fields have the seconds in front, seven a year behind") {
  CHECK(next("*/10 * * * * *", "2026-01-01T00:00:01Z") == "2026-01-01T00:00:10Z");
  CHECK(next("0 0 0 1 1 * 2030", "2026-01-01T00:00:00Z") == "2030-01-01T00:00:00Z");
  CHECK(next("0 0 0 1 1 * 2030", "2030-01-01T00:00:00Z") == "never");
}

TEST_CASE("cron: an instant between two seconds belongs to the one before") {
  const CronTrigger trigger(parse_cron("* * * * * *").value(), Zone());
  const WallTime whole = at("2026-01-01T00:00:00Z");
  CHECK(trigger.next(whole + std::chrono::milliseconds{500}) == whole + std::chrono::seconds{1});
  CHECK(trigger.previous(whole + std::chrono::milliseconds{500}) == whole);
  CHECK(trigger.previous(whole) == whole - std::chrono::seconds{1});
}

TEST_CASE("cron: restricted day-of-month and weekday match in either, with + in both") {
  CHECK(next("0 0 13 * FRI", "2026-11-01T00:00:00Z") == "2026-11-06T00:00:00Z");
  CHECK(next("0 0 13 * +FRI", "2026-03-14T00:00:00Z") == "2026-11-13T00:00:00Z");
  CHECK(parse_cron("0 0 13 * +*/5").value() == parse_cron("0 0 13 * +SUN,FRI").value());
  CHECK(next("0 0 */10 * SUN", "2026-03-01T00:00:00Z") == "2026-03-08T00:00:00Z");
}

TEST_CASE("cron: in the vixie dialect a stepped star in one day field leaves the choice to the other") {
  const CronTrigger trigger(parse_cron("0 0 */10 * SUN", CronDialect::vixie).value(), Zone());
  CHECK(trigger.next(at("2026-03-02T00:00:00Z")) == at("2026-05-31T00:00:00Z"));
}

TEST_CASE("cron: last days, nearest working days and counted weekdays") {
  CHECK(next("0 0 L * *", "2026-02-01T00:00:00Z") == "2026-02-28T00:00:00Z");
  CHECK(next("0 0 L-2 * *", "2028-02-01T00:00:00Z") == "2028-02-27T00:00:00Z");
  CHECK(next("0 0 LW * *", "2026-05-01T00:00:00Z") == "2026-05-29T00:00:00Z");
  CHECK(next("0 0 1W * *", "2026-07-31T00:00:00Z") == "2026-08-03T00:00:00Z");
  CHECK(next("0 0 * * 5L", "2026-11-01T00:00:00Z") == "2026-11-27T00:00:00Z");
  CHECK(next("0 0 * * FRI#2", "2026-11-01T00:00:00Z") == "2026-11-13T00:00:00Z");
  CHECK(next("0 0 * * MON#5", "2026-10-01T00:00:00Z") == "2026-11-30T00:00:00Z");
}

TEST_CASE("cron: Saturday to Sunday is a range, and 7 is Sunday") {
  CHECK(parse_cron("0 0 * * SAT-SUN").value() == parse_cron("0 0 * * 0,6").value());
  CHECK(parse_cron("0 0 * * 5-7").value() == parse_cron("0 0 * * FRI-SUN").value());
}

TEST_CASE("cron: an error names the field, what it takes and the place") {
  ParseError error = error_of("0 60 * * *");
  CHECK(error.message == "the hour field takes 0-23, not 60");
  CHECK(error.offset == 2);
  CHECK(error.length == 2);

  error = error_of("  */5 * * * MOM");
  CHECK(error.message == "the weekday field takes 0-7 or SUN-SAT, not \"MOM\"");
  CHECK(error.hint == "did you mean \"MON\"?");
  CHECK(error.offset == 12);
  CHECK(error.length == 3);

  error = error_of("0 0 * * MONDAY");
  CHECK(error.hint == "names have three letters: MON");

  error = error_of("0 22-2 * * *");
  CHECK(error.message == "the range in the hour field ends before it begins");
  CHECK(error.hint == "write 22-23,0-2");
  CHECK(error.offset == 2);
  CHECK(error.length == 4);

  error = error_of("1,,2 * * * *");
  CHECK(error.message == "an entry of the list in the minute field is empty");
  CHECK(error.offset == 2);

  CHECK(error_of("*/0 * * * *").message == "a step of the minute field is at least 1 and at most 999999999");
  CHECK(error_of("* * *").message ==
        "5 fields were expected (minute hour day-of-month month weekday), or 6 with seconds in front; found 3");
  CHECK(error_of("").message.ends_with("found 0"));
}

TEST_CASE("cron: an error without a better word shows the nearest right expression") {
  CHECK(error_of("* * * * mon,bad,wed").hint == "the nearest right one is \"* * * * mon,wed\"");
  CHECK(error_of("1,,2 * * * *").hint == "the nearest right one is \"1,2 * * * *\"");
  CHECK(error_of("0 0/2x * * *").hint == "the nearest right one is \"0 0/2 * * *\"");
  CHECK(error_of("0 DEC * JANUAR *").hint == "the nearest right one is \"0 * * * *\"");
}

TEST_CASE("cron: a date that never comes is refused with the reason") {
  CHECK(error_of("0 0 30 2 *").message == "February never has the day 30");
  CHECK(error_of("0 0 31 4,6,9,11 *").message == "no month of the month field has the day 31");
  CHECK(error_of("0 0 0 29 2 * 2027").message == "this combination of days, months and years never comes");
  CHECK(error_of("0 0 30 2 *").offset == 4);
  CHECK(parse_cron("0 0 30 2 MON").has_value());  // either field: Mondays
}

TEST_CASE("cron: nicknames in any case; a wrong one is corrected") {
  CHECK(parse_cron("@DAILY").value() == parse_cron("0 0 * * *").value());
  CHECK(parse_cron(" @hourly ").value() == parse_cron("0 * * * *").value());
  CHECK(error_of("@dayly").hint == "did you mean \"@daily\"?");
  CHECK(error_of("@reboot").message == "@reboot is an event, not a time");
}

TEST_CASE("cron: H depends on the key and nothing else, and without a key it is refused") {
  const auto with = [](std::string_view key) {
    return parse_cron("H H(0-7) * * *", CronDialect::standard, key).value();
  };
  CHECK(with("backup") == with("backup"));
  CHECK_FALSE(with("backup") == with("cleanup"));
  CHECK(with("backup").describe() == "at 01:28");  // pinned: a job must not move when belfry is updated
  CHECK(error_of("H * * * *").hint == "H needs the name of a job, and no year field");
}

TEST_CASE("cron: described in plain English") {
  CHECK(describe("30 2 * * 1-5") == "at 02:30 on Monday through Friday");
  CHECK(describe("*/5 * * * *") == "every 5 minutes");
  CHECK(describe("* * * * *") == "every minute");
  CHECK(describe("* * * * * *") == "every second");
  CHECK(describe("*/10 * * * * *") == "every 10 seconds");
  CHECK(describe("0 * * * *") == "every hour");
  CHECK(describe("0 */6 * * *") == "every 6 hours");
  CHECK(describe("15 * * * *") == "at minute 15 of every hour");
  CHECK(describe("*/15 9-17 * * MON-FRI") == "every 15 minutes from 09:00 through 17:59 on Monday through Friday");
  CHECK(describe("0 0 1,15 * *") == "at 00:00 on days 1 and 15 of the month");
  CHECK(describe("0 0 13 * FRI") == "at 00:00 on day 13 of the month or on Friday");
  CHECK(describe("0 0 13 * +FRI") == "at 00:00 on day 13 of the month if it is also Friday");
  CHECK(describe("0 3 L * *") == "at 03:00 on the last day of the month");
  CHECK(describe("0 3 LW 1,6,12 *") == "at 03:00 on the last working day of the month in January, June and December");
  CHECK(describe("5,20,35 * * * *") == "at minutes 5, 20 and 35 of every hour");
  CHECK(describe("* */20 * * * *") == "every second, at minutes 0, 20 and 40 of every hour");
  CHECK(describe("0 9 * * 5#2") == "at 09:00 on the second Friday of the month");
  CHECK(describe("0 9 1-31 * 0-6") == "at 09:00");
  CHECK(describe("0 9 * * SAT,SUN") == "at 09:00 on Saturday and Sunday");
  CHECK(describe("0 0 9 * * * 2030-2032") == "at 09:00 in 2030 through 2032");
  CHECK(describe("15 30 2 * * *") == "at 02:30:15");
  CHECK(describe("0 0 9 ? * 2-6", CronDialect::quartz) == "at 09:00 on Monday through Friday");
  CHECK(CronTrigger(parse_cron("30 2 * * 1-5").value(), zone("Europe/Berlin")).describe() ==
        "at 02:30 on Monday through Friday, Europe/Berlin");
}

#ifndef BELFRY_SANITIZED
TEST_CASE("trigger: once parsed, a schedule of any kind answers without allocating") {
  for (const std::string_view text :
       {"30 2 29 2 *", "0 0 L-3W * 5#2", "*-*~3 02:30:00.5", "*:*:0/0.7", "@every 90m", "@at 2027-01-01 02:30"}) {
    const auto trigger = parse_schedule(text, {.zone = zone("Europe/Berlin")}).value();
    const std::size_t before = allocations.load();
    WallTime instant = at("2026-01-01T00:00:00Z");
    for (int i = 0; i < 20; ++i) instant = trigger->next(instant).value_or(instant);
    for (int i = 0; i < 20; ++i) instant = trigger->previous(instant).value_or(instant);
    for (const WallTime fire : trigger->between(instant, instant + std::chrono::hours{1})) static_cast<void>(fire);
    static_cast<void>(trigger->never_fires());
    CHECK(allocations.load() == before);
  }
}
#endif

TEST_CASE("cron: the search ends with the year 2199") {
  CHECK(next("0 0 31 12 *", "2199-12-30T00:00:00Z") == "2199-12-31T00:00:00Z");
  CHECK(next("0 0 31 12 *", "2199-12-31T00:00:00Z") == "never");
  const CronTrigger trigger(parse_cron("* * * * *").value(), zone("Pacific/Apia"));
  CHECK_FALSE(trigger.next(WallTime::max()).has_value());
  CHECK(trigger.next(WallTime::min()).has_value());
  CHECK_FALSE(trigger.previous(WallTime::min()).has_value());
  CHECK(trigger.previous(WallTime::max()).has_value());
}

std::string random_field(std::mt19937_64& random, unsigned least, unsigned most) {
  const auto pick = [&](unsigned from, unsigned to) {
    return from + static_cast<unsigned>(random() % (to - from + 1));
  };
  const unsigned value = pick(least, most);
  switch (random() % 6) {
    case 0:
      return std::to_string(value);
    case 1:
      return std::to_string(value) + "-" + std::to_string(pick(value, most));
    case 2:
      return "*/" + std::to_string(pick(1, 7));
    default:
      return "*";
  }
}

/// The rule as a sentence of its own: does this second match?
bool matches(const CronFields& f, LocalTime local) {
  const auto date = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day ymd(date);
  const auto second = static_cast<unsigned>((local - date).count());
  const bool day = (f.days >> static_cast<unsigned>(ymd.day()) & 1U) != 0;
  const bool weekday = (f.weekdays >> std::chrono::weekday(date).c_encoding() & 1U) != 0;
  const bool date_matches = f.any_day || f.any_weekday ? day && weekday : day || weekday;
  return date_matches && (f.months >> static_cast<unsigned>(ymd.month()) & 1U) != 0 &&
         (f.hours >> (second / 3600) & 1U) != 0 && (f.minutes >> (second / 60 % 60) & 1U) != 0 &&
         (f.seconds >> (second % 60) & 1U) != 0;
}

TEST_CASE("cron: next and previous agree with trying every minute, for random expressions around transitions") {
  const auto seed = GENERATE(range(1U, 13U));
  std::mt19937_64 random(seed);
  const std::vector<std::string> zones{"Europe/Berlin",     "America/New_York", "Australia/Lord_Howe",
                                       "Africa/Casablanca", "America/Santiago", "Asia/Kathmandu",
                                       "Pacific/Chatham"};
  const std::vector<DstPolicy> policies{dst_cronie,
                                        dst_real_time,
                                        {DstGap::shift, DstOverlap::second, false},
                                        {DstGap::skip, DstOverlap::first, false},
                                        {DstGap::run_after, DstOverlap::both, false}};
  for (int round = 0; round < 20; ++round) {
    const Zone where = zone(zones[random() % zones.size()]);
    const DstPolicy policy = policies[random() % policies.size()];
    const std::string text = random_field(random, 0, 59) + " " + random_field(random, 0, 5) + " " +
                             random_field(random, 1, 28) + " * " + random_field(random, 0, 6);
    const Cron cron = parse_cron(text).value();
    const bool real_time = policy.wildcards_follow_real_time && cron.is_wild();
    const DstGap gap = real_time ? DstGap::skip : policy.gap;
    const DstOverlap overlap = real_time ? DstOverlap::both : policy.overlap;
    WallTime start = at("2000-01-01T00:00:00Z") + std::chrono::hours(random() % (24 * 365 * 30));
    if (const auto change = where.next_transition(start)) start = change->at - std::chrono::hours{20};
    const WallTime end = start + std::chrono::hours{40};

    // Every matching local minute of two days, at the instants that the policy gives it.
    std::set<WallTime> expected;
    const LocalTime first = std::chrono::floor<std::chrono::days>(where.to_local(start)) - std::chrono::days{1};
    for (LocalTime local = first; local < first + std::chrono::days{5}; local += std::chrono::minutes{1}) {
      if (!matches(cron.fields(), local)) continue;
      const LocalInstants instants = where.resolve(local);
      if (instants.kind == LocalKind::unique) expected.insert(instants.before);
      if (instants.kind == LocalKind::repeated && overlap != DstOverlap::second) expected.insert(instants.before);
      if (instants.kind == LocalKind::repeated && overlap != DstOverlap::first) expected.insert(instants.after);
      if (instants.kind == LocalKind::skipped && gap == DstGap::run_after) expected.insert(instants.transition);
      if (instants.kind == LocalKind::skipped && gap == DstGap::shift) expected.insert(instants.before);
    }
    std::erase_if(expected, [&](WallTime fire) { return fire <= start || fire > end; });

    INFO("seed " << seed << ": " << text << " in " << where.name() << " from " << format_utc(start));
    const CronTrigger trigger(cron, where, policy);
    std::set<WallTime> forwards;
    for (auto fire = trigger.next(start); fire && *fire <= end; fire = trigger.next(*fire)) forwards.insert(*fire);
    CHECK(forwards == expected);
    std::set<WallTime> backwards;
    for (auto fire = trigger.previous(end + Duration{1}); fire && *fire > start; fire = trigger.previous(*fire)) {
      backwards.insert(*fire);
    }
    CHECK(backwards == expected);
  }
}

TEST_CASE("cron: any bytes are either an expression or an error inside of the text") {
  std::mt19937_64 random(7);
  const std::string alphabet = "0123456789*/,-?LW#+@ \tHmonSUN\x80\xff\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 24; n > 0; --n) text += alphabet[random() % alphabet.size()];
    for (const auto dialect : {CronDialect::standard, CronDialect::vixie, CronDialect::quartz}) {
      const auto cron = parse_cron(text, dialect);
      if (cron) {
        CHECK_FALSE(cron->never_fires());
      } else if (cron.error().offset > text.size() || cron.error().length > text.size() - cron.error().offset) {
        FAIL_CHECK("outside of " << text);
      }
    }
  }
}

}  // namespace
}  // namespace belfry::time
