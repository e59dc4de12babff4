// Several triggers as one, spans of validity, exclusions.
#include "time/combination.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "time/at.hpp"
#include "time/every.hpp"
#include "time/narrowed.hpp"
#include "time/schedule.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::at;
using Texts = std::vector<std::string>;

TriggerPointer schedule(std::string_view text, std::string_view zone = "UTC") {
  return parse_schedule(text, {.zone = test::zone(zone)}).value();
}

std::set<WallTime> fires(const Trigger& trigger, WallTime after, WallTime until) {
  std::set<WallTime> found;
  for (const WallTime fire : trigger.between(after, until)) found.insert(fire);
  return found;
}

/// previous() is next() read backwards.
void check_previous(const Trigger& trigger, WallTime after, WallTime until) {
  const auto forwards = fires(trigger, after, until);
  std::set<WallTime> backwards;
  for (auto fire = trigger.previous(until + Duration{1}); fire && *fire > after; fire = trigger.previous(*fire)) {
    backwards.insert(*fire);
  }
  CHECK(forwards == backwards);
}

Exclusions exclusions(std::initializer_list<std::string_view> days, std::initializer_list<std::string_view> patterns) {
  Exclusions out;
  for (const auto text : days) {
    REQUIRE(out.days.add(text));
    out.texts.emplace_back(text);
  }
  for (const auto text : patterns) {
    out.patterns.push_back(parse_cron(text).value());
    out.texts.emplace_back(text);
  }
  return out;
}

}  // namespace

TEST_CASE("any of several: the union, each instant once") {
  const auto a = schedule("0 2,4 * * *");
  const auto b = schedule("30 1-5 * * mon");
  const auto c = std::make_shared<const EveryTrigger>(minutes{240});
  const AnyOf any({a, b, c});
  const WallTime from = at("2026-11-20T00:00:00Z");
  const WallTime until = at("2026-12-20T00:00:00Z");
  auto expected = fires(*a, from, until);
  expected.merge(fires(*b, from, until));
  expected.merge(fires(*c, from, until));
  CHECK(fires(any, from, until) == expected);
  check_previous(any, from, until);
  CHECK(any.describe() == a->describe() + "; or " + b->describe() + "; or " + c->describe());
  CHECK(any.normalise() == "[0 2,4 * * *; 30 1-5 * * 1; @every 4h]");
  CHECK_FALSE(any.never_fires());
}

TEST_CASE("all of: only where all meet") {
  const auto a = schedule("0 3 * * mon", "Europe/Berlin");
  const auto b = schedule("0 2,3 1-7 * *", "UTC");
  const AllOf all({a, b, schedule("* * * * *")});
  const WallTime from = at("2026-01-01T00:00:00Z");
  const WallTime until = at("2029-01-01T00:00:00Z");
  std::set<WallTime> expected;
  for (const WallTime fire : fires(*a, from, until)) {
    if (fires(*b, from, until).contains(fire)) expected.insert(fire);
  }
  CHECK(expected.size() > 10);
  CHECK(fires(all, from, until) == expected);
  check_previous(all, from, until);
}

TEST_CASE("all of: triggers that never meet end the search") {
  const AllOf all({schedule("0-29 * * * * *"), schedule("30-59 * * * * *")});
  CHECK_FALSE(all.next(at("2026-01-01T00:00:00Z")).has_value());
  CHECK_FALSE(all.previous(at("2026-01-01T00:00:00Z")).has_value());
  CHECK(all.never_fires());
  CHECK_FALSE(AllOf({schedule("@daily"), std::make_shared<const AtTrigger>(at("2026-01-01T00:00:01Z"))})
                  .next(at("2025-01-01T00:00:00Z"))
                  .has_value());
}

TEST_CASE("validity: both ends are inside") {
  const ValidTrigger trigger(schedule("@daily"), {at("2026-12-01T00:00:00Z"), at("2026-12-03T00:00:00Z")}, Zone());
  CHECK(test::fires(trigger, Zone(), "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z") ==
        Texts{"2026-12-01 00:00:00 +00:00", "2026-12-02 00:00:00 +00:00", "2026-12-03 00:00:00 +00:00"});
  check_previous(trigger, at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"));
  CHECK(trigger.describe() ==
        schedule("@daily")->describe() + ", from 2026-12-01 00:00:00 +00:00, until 2026-12-03 00:00:00 +00:00");
  CHECK(ValidTrigger(schedule("@daily"), {{}, at("2026-12-03T00:00:00Z")}, Zone()).next(at("2026-12-03T00:00:00Z")) ==
        std::nullopt);
}

TEST_CASE("except: days, minutes and seconds are left out, as counting by hand says") {
  const auto berlin = test::zone("Europe/Berlin");
  const auto quarter = schedule("*/15 * * * *", "Europe/Berlin");
  const auto out = exclusions({"sat", "2026-10-27..2026-10-28"}, {"* 12-13 * * *", "30 2 * * *", "* * 26 oct *"});
  const ExceptTrigger trigger(quarter, out, berlin);
  const WallTime from = at("2026-10-20T00:00:00Z");
  const WallTime until = at("2026-11-03T00:00:00Z");
  std::set<WallTime> expected;
  for (const WallTime fire : fires(*quarter, from, until)) {
    const LocalTime local = berlin.to_local(fire);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const auto time = local - day;
    const bool noon = time >= std::chrono::hours{12} && time < std::chrono::hours{14};
    const bool late = time == minutes{150};
    if (!out.days.contains(day) && day != parse_date("2026-10-26").value() && !noon && !late) expected.insert(fire);
  }
  CHECK(fires(trigger, from, until) == expected);
  check_previous(trigger, from, until);
  CHECK(trigger.describe() ==
        quarter->describe() + ", except sat, 2026-10-27..2026-10-28, * 12-13 * * *, 30 2 * * *, * * 26 oct *");
}

TEST_CASE("except: whole months are leapt over, and an exclusion of everything ends the search") {
  const auto seconds = schedule("* * * * * *");
  const ExceptTrigger summer(seconds, exclusions({}, {"* * * jun-aug *"}), Zone());
  CHECK(summer.next(at("2026-05-31T23:59:59Z")) == at("2026-09-01T00:00:00Z"));
  CHECK(summer.previous(at("2026-09-01T00:00:00Z")) == at("2026-05-31T23:59:59Z"));
  CHECK(ExceptTrigger(seconds, exclusions({}, {"* * * * *"}), Zone()).never_fires());
  CHECK(ExceptTrigger(seconds, exclusions({"mon-sun"}, {}), Zone()).never_fires());
  CHECK(ExceptTrigger(schedule("30 12 * * *"), exclusions({}, {"* 12 * * *"}), Zone()).never_fires());
}

}  // namespace belfry::time
