// docs/time.md: every block of examples is run, and every disputed topic is named and decided as the page says.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "time/calendar.hpp"
#include "time/duration.hpp"
#include "time/schedule.hpp"
#include "time_text.hpp"

namespace belfry::time {
namespace {

using nlohmann::json;

std::string page() {
  std::ifstream stream(BELFRY_SOURCE_DIR "/docs/time.md");
  std::ostringstream text;
  text << stream.rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

/// The columns of a line, which two blanks or more separate.
std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find("  ", at), line.size());
    columns.push_back(line.substr(at, end - at));
    at = std::min(line.find_first_not_of(' ', end), line.size());
  }
  return columns;
}

/// The lines of every block that begins with ```NAME, and what stands behind the name there.
struct Example {
  std::string argument;
  std::vector<std::string> columns;
};

std::vector<Example> examples_of(const std::string& name) {
  std::vector<Example> found;
  std::istringstream lines(page());
  std::string argument;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside =
          !inside && line.starts_with("```" + name) && (line.size() == name.size() + 3 || line[name.size() + 3] == ' ');
      if (inside && line.size() > name.size() + 4) argument = line.substr(name.size() + 4);
    } else if (inside) {
      found.push_back({argument, columns_of(line)});
      REQUIRE(found.back().columns.size() >= 2);
    }
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

std::string said_of(const ParseError& error) { return "error: " + to_string(error); }

TEST_CASE("docs: the cron expressions of the page mean what it says") {
  for (const Example& example : examples_of("cron")) {
    INFO(example.argument << ": " << example.columns[0]);
    const ScheduleOptions options{.dialect = cron_dialect_from(example.argument).value()};
    const auto trigger = parse_schedule(example.columns[0], options);
    std::string said = trigger ? (*trigger)->describe() : said_of(trigger.error());
    if (said.ends_with(", UTC")) said.resize(said.size() - 5);
    CHECK(said == example.columns[1]);
  }
}

TEST_CASE("docs: the calendar expressions of the page have the canonical form that it shows") {
  for (const Example& example : examples_of("calendar")) {
    const auto calendar = parse_calendar(example.columns[0]);
    CHECK((calendar ? calendar->normalise() : said_of(calendar.error())) == example.columns[1]);
  }
}

TEST_CASE("docs: the durations of the page are as long as it says") {
  for (const Example& example : examples_of("duration")) {
    const auto span = parse_duration(example.columns[0]);
    CHECK((span ? describe_duration(*span) : said_of(span.error())) == example.columns[1]);
  }
}

TEST_CASE("docs: the fires in the nights of the page are those that it shows") {
  const std::map<std::string, DstGap> gaps{
      {"run_after", DstGap::run_after}, {"skip", DstGap::skip}, {"shift", DstGap::shift}};
  const std::map<std::string, DstOverlap> overlaps{
      {"first", DstOverlap::first}, {"second", DstOverlap::second}, {"both", DstOverlap::both}};
  for (const Example& example : examples_of("dst")) {
    REQUIRE(example.columns.size() == 6);
    const Zone where = test::zone(example.columns[1]);
    const CronTrigger trigger(parse_cron(example.columns[0]).value(), where,
                              {gaps.at(example.columns[3]), overlaps.at(example.columns[4]), true});
    std::string fires;
    const WallTime noon = test::at(example.columns[2] + "T12:00:00Z");
    for (const WallTime fire : trigger.between(noon - std::chrono::hours{30}, noon + std::chrono::hours{30})) {
      const std::string text = format_time(fire, where);
      if (text.starts_with(example.columns[2]))
        fires += (fires.empty() ? "" : ", ") + text.substr(11, 5) + text.substr(19);
    }
    INFO(example.columns[0] << " in " << where.name() << " on " << example.columns[2]);
    CHECK((fires.empty() ? "-" : fires) == example.columns[5]);
  }
}

/// What belfry says about a disputed row: "refuses", or as many fires as are on record.
json said_about(const json& row) {
  const WallTime from = test::at(row["from"].get<std::string>());
  const Zone where = test::zone(row["tz"].get<std::string>());
  const auto text = row["expr"].get<std::string>();
  const std::string name = row["dialect"];
  std::shared_ptr<const Trigger> trigger;
  if (name == "systemd-calendar") {
    const auto calendar = parse_calendar(text);
    if (calendar) trigger = std::make_shared<CalendarTrigger>(*calendar, where, dst_systemd);
  } else {
    const auto dialect = name == "seconds6" ? CronDialect::seconds : cron_dialect_from(name);
    const auto parsed = parse_schedule(text, {.zone = where, .dialect = dialect.value_or(CronDialect::standard)});
    if (parsed) trigger = *parsed;
  }
  if (!trigger) return "refuses";
  json fires = json::array();
  for (const WallTime fire : fires_between(*trigger, from, WallTime::max(), row["belfry"].size())) {
    fires.push_back(format_utc(fire));
  }
  return fires;
}

TEST_CASE("docs: every disputed topic is named on the page, and every row of it is decided as on record") {
  const std::string text = page();
  std::ifstream stream(std::string(BELFRY_TIME_DATA) + "/disputed.jsonl");
  std::size_t rows = 0;
  for (std::string line; std::getline(stream, line); ++rows) {
    const json row = json::parse(line);
    const auto topic = row["topic"].get<std::string>();
    if (text.find("`" + topic + "`") == std::string::npos) FAIL_CHECK("the page does not name " << topic);
    if (said_about(row) != row["belfry"]) FAIL_CHECK(line << "\n    said: " << said_about(row).dump());
  }
  CHECK(rows > 300);
}

}  // namespace
}  // namespace belfry::time
