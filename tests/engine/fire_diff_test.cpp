#include "engine/fire_diff.hpp"

#include <catch2/catch.hpp>

#include "engine/test_bed.hpp"
#include "time/schedule.hpp"

using namespace belfry;
using namespace belfry::test;

namespace {

const WallTime monday = std::chrono::sys_days(std::chrono::year{2026} / 3 / 23);

Job cron_job(const std::string& name, const std::string& schedule, const std::string& zone = "Europe/Berlin",
             time::DstPolicy dst = time::dst_cronie) {
  Job made = job(name, time::parse_schedule(schedule, {.zone = *time::Zone::load(zone), .dst = dst}).value());
  made.timezone = zone;
  made.fingerprint = schedule + zone + std::to_string(static_cast<int>(dst.gap));
  return made;
}

std::vector<engine::FireChange> changes_of(std::vector<Job> before, std::vector<Job> after,
                                           engine::FireDiffOptions options = {.from = monday, .until = monday}) {
  options.until = monday + std::chrono::days{7};
  return engine::diff_fires(*catalog(std::move(before)), *catalog(std::move(after)), options);
}

}  // namespace

TEST_CASE("a schedule that is edited has fires that vanish and others that appear", "[fire_diff]") {
  const auto changes = changes_of({cron_job("a", "0 2 * * *")}, {cron_job("a", "30 2 * * mon-fri")});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].job == "a");
  CHECK(changes[0].timezone == "Europe/Berlin");
  CHECK(changes[0].vanishing == 8);  // the last one is on Monday at 02:00 +02:00, which is 00:00 UTC
  CHECK(changes[0].appearing == 5);
  CHECK(changes[0].first_vanishing.size() == 3);
  CHECK(changes[0].first_vanishing[0] == monday + 1h);
  CHECK(changes[0].first_appearing[0] == monday + 1h + 30min);
  CHECK(changes[0].compared_until == monday + std::chrono::days{7});
}

TEST_CASE("fires that both have do not count", "[fire_diff]") {
  const auto changes = changes_of({cron_job("a", "0 2,3 * * *")}, {cron_job("a", "0 3,4 * * *")});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].vanishing == 7);  // on the night of the gap, 02:00 is due at 03:00, as the other one is
  CHECK(changes[0].appearing == 7);
}

TEST_CASE("jobs that are added, removed, disabled or by hand only", "[fire_diff]") {
  Job off = cron_job("off", "0 6 * * *");
  off.enabled = false;
  off.fingerprint = "off";
  Job by_hand = job("by hand", nullptr);
  const auto changes = changes_of({cron_job("gone", "0 5 * * *"), cron_job("off", "0 6 * * *"), by_hand},
                                  {cron_job("new", "@weekly"), off, by_hand});
  REQUIRE(changes.size() == 3);
  CHECK((changes[0].job == "gone" && changes[0].vanishing == 7 && changes[0].appearing == 0));
  CHECK((changes[1].job == "new" && changes[1].vanishing == 0 && changes[1].appearing == 1));
  CHECK((changes[2].job == "off" && changes[2].vanishing == 7 && changes[2].appearing == 0));
}

TEST_CASE("a policy that matters in one night of the week is seen", "[fire_diff]") {
  const time::DstPolicy skip{.gap = time::DstGap::skip};
  const auto changes = changes_of({cron_job("a", "30 2 * * *")}, {cron_job("a", "30 2 * * *", "Europe/Berlin", skip)});
  REQUIRE(changes.size() == 1);
  CHECK((changes[0].vanishing == 1 && changes[0].appearing == 0));
  CHECK(changes[0].first_vanishing[0] == monday + std::chrono::days{6} + 1h);
}

TEST_CASE("the same declaration is not looked at, unless the rules may differ", "[fire_diff]") {
  Job before = cron_job("a", "0 2 * * *");
  Job after = before;
  after.trigger = cron_job("a", "0 3 * * *").trigger;  // as if its calendar had other days
  CHECK(changes_of({before}, {after}).empty());
  CHECK(changes_of({before}, {after}, {.from = monday, .until = monday, .same_rules = false}).size() == 1);
}

TEST_CASE("slots on days off are no fires", "[fire_diff]") {
  Job after = cron_job("a", "0 2 * * *");
  time::DaySet days;
  REQUIRE(days.add("2026-03-25"));
  after.days_off = {.days = std::make_shared<const time::DaySet>(days), .zone = *time::Zone::load("Europe/Berlin")};
  after.fingerprint = "other";
  const auto changes = changes_of({cron_job("a", "0 2 * * *")}, {after});
  REQUIRE(changes.size() == 1);
  CHECK((changes[0].vanishing == 1 && changes[0].appearing == 0));
}

TEST_CASE("the work is bounded, and it is told how far the comparison went", "[fire_diff]") {
  const auto changes = changes_of({cron_job("a", "* * * * * *")}, {cron_job("a", "*/2 * * * * *")},
                                  {.from = monday, .until = monday, .most_each = 300});
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].compared_until < monday + 10min);
  CHECK(changes[0].vanishing > 90);
  CHECK(changes[0].appearing == 0);

  Job same = cron_job("a", "* * * * * *");
  same.fingerprint = "another command";
  CHECK(changes_of({cron_job("a", "* * * * * *")}, {same}).empty());
}
