// What is said about an edit: jobs, keys, fires; as lines and as JSON.
#include "daemon/compare/config_diff.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "daemon/compare/declared_keys.hpp"
#include "daemon/compare/diff_view.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using namespace belfry::daemon;

namespace {

const time::WallTime monday = std::chrono::sys_days(std::chrono::year{2026} / 3 / 23);

Config config(const std::string& text, const std::string& folder = "/etc") {
  auto result = parse_config(text, "test.yaml", folder, {.started = monday});
  if (!result) FAIL(format_errors(result.error()));
  return std::move(*result);
}

ConfigDiff diff(const std::string& before, const std::string& after) {
  return compare(config(before), config(after), monday);
}

std::vector<std::string> keys_of(const ConfigDiff& diff, const std::string& job) {
  for (const JobChange& change : diff.changed) {
    if (change.job == job) return change.keys;
  }
  return {"(unchanged)"};
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("comments, the order of keys, aliases and defaults that come to the same are no difference", "[diff]") {
  const auto same =
      diff("jobs:\n  a: {command: x, every: 1h, timeout: 5s, environment: {A: 1, B: 2}}\n",
           "# edited\ndefaults: {timeout: 5s}\njobs:\n  a: {every: 1h, environment: {B: 2, A: 1}, command: x}\n");
  CHECK(same.changed.empty());
  CHECK(same.fires.empty());
  CHECK(same.added.empty());
}

TEST_CASE("the keys that were edited are named: of the job, of defaults, of the top level", "[diff]") {
  const auto edited = diff(
      "timezone: UTC\ndefaults: {timeout: 5s, environment: {A: 1}}\nlog: {level: info}\njobs:\n"
      "  own: {command: x, every: 1h}\n  takes: {command: x}\n  sets: {command: x, timeout: 1s, environment: {B: 1}}\n"
      "  zone: {command: x, schedule: '0 2 * * *', environment: {A: 1}, timeout: 1s}\n",
      "timezone: UTC\ndefaults: {timeout: 6s, environment: {A: 2}}\nlog: {level: debug}\njobs:\n"
      "  own: {command: y, every: 2h}\n  takes: {command: x}\n  sets: {command: x, timeout: 1s, environment: {B: 1}}\n"
      "  zone: {command: x, schedule: '0 2 * * *', environment: {A: 1}, timeout: 1s}\n");
  CHECK(keys_of(edited, "own") == Words{"command", "every", "defaults.environment", "defaults.timeout"});
  CHECK(keys_of(edited, "takes") == Words{"defaults.environment", "defaults.timeout"});
  CHECK(keys_of(edited, "sets") == Words{"defaults.environment"});
  CHECK(keys_of(edited, "zone") == Words{"(unchanged)"});
  CHECK(edited.settings == Words{"log"});

  const auto moved = diff("timezone: UTC\njobs: [{name: a, command: x, schedule: '0 2 * * *'}]\n",
                          "timezone: Europe/Berlin\njobs: [{name: a, command: x, schedule: '0 2 * * *'}]\n");
  CHECK(keys_of(moved, "a") == Words{"the top-level timezone"});
  REQUIRE(moved.fires.size() == 1);
  CHECK(moved.fires[0].vanishing == 7);
}

TEST_CASE("a calendar whose days change moves fires of jobs that are declared as before", "[diff]") {
  const test::TempDir dir;
  const std::string text =
      "timezone: UTC\ncalendars: {off: {ics: off.ics}}\njobs:\n"
      "  skips: {command: x, schedule: '0 2 * * *', holidays: off}\n"
      "  moves: {command: x, schedule: '0 2 * * wed', holidays: off, on_holiday: after}\n";
  const auto on = [&](const std::string& day) {
    std::ofstream(dir / "off.ics") << "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:" << day
                                   << "\nEND:VEVENT\nEND:VCALENDAR\n";
    return config(text, dir.path().native());
  };
  const Config before = on("20300101");
  const auto changes = compare(before, on("20260325"), monday);
  CHECK(changes.changed.empty());
  REQUIRE(changes.fires.size() == 2);
  CHECK((changes.fires[0].vanishing == 1 && changes.fires[0].appearing == 1));
  CHECK((changes.fires[1].vanishing == 1 && changes.fires[1].appearing == 0));
  CHECK_FALSE(changes.empty());
}

TEST_CASE("the lines are bounded and in the zone of the job", "[diff]") {
  const auto changes =
      diff("jobs:\n  a: {command: x, schedule: '0 2 * * *', timezone: Asia/Tokyo}\n  b: {command: x}\n",
           "jobs:\n  a: {command: x, schedule: '0 3 * * *', timezone: Asia/Tokyo}\n  c: {command: x}\n");
  const Words all = lines_of(changes, std::numeric_limits<std::size_t>::max());
  REQUIRE(all.size() == 13);
  CHECK(all[0] == "+ c");
  CHECK(all[1] == "- b");
  CHECK(all[2] == "~ a: schedule");
  CHECK(all[3] == "Fires until 2026-03-30T00:00:00Z:");
  CHECK(all[4] == "~ a (Asia/Tokyo): 7 vanish, 7 appear");
  CHECK(all[5] == "    - 2026-03-24 02:00:00 +09:00");
  CHECK(all[8] == "    - and 4 more");
  CHECK(all[12] == "    + and 4 more");
  CHECK(lines_of(changes, 2) == Words{"+ c", "- b", "and 11 more lines; `belfry diff` shows all"});
  CHECK(view(changes).at("fires")[0].at("first_appearing")[0] == "2026-03-23T18:00:00Z");
}

TEST_CASE("a text that many aliases repeat is digested once", "[diff]") {
  std::string text = "x-big: &big '" + std::string(1 << 20, 'a') + "'\njobs:\n  a:\n    environment:\n";
  for (int i = 0; i < 50'000; ++i) text += "      V" + std::to_string(i) + ": *big\n";
  CHECK(declared_keys(text).jobs.at("a").size() == 1);
}

TEST_CASE("a text that is no configuration has no keys", "[diff]") {
  for (const char* text : {"", "- a", "jobs: 7", "{", "jobs: [{name: {}}, 3, {}]"}) {
    CAPTURE(text);
    CHECK(declared_keys(text).defaults.empty());
  }
}
