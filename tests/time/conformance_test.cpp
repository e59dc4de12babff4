// Runs every row of tests/time/data through the parsers and triggers; a row that is not run is counted with its reason.
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "time/calendar.hpp"
#include "time/cron.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"

namespace {

using namespace belfry::time;
using nlohmann::json;

/// What became of the rows of one file; printed at the end, failing rows with their text.
class Tally {
 public:
  /// `file` is named in the summary.
  explicit Tally(std::string file) : file_(std::move(file)) {}

  void pass() { ++passed_; }
  void skip(const std::string& reason) { ++skipped_[reason]; }
  void fail(const json& row, const std::string& found) { failures_.push_back(row.dump() + "\n    found: " + found); }
  void check(bool good, const json& row, const std::string& found) { good ? pass() : fail(row, found); }

  void finish() const {
    std::cout << file_ << ": " << passed_ << " passed, " << failures_.size() << " failed";
    for (const auto& [reason, count] : skipped_) std::cout << ", " << count << " skipped (" << reason << ")";
    std::cout << '\n';
    for (const std::string& failure : failures_) FAIL_CHECK(failure);
    REQUIRE(passed_ > 0);
  }

 private:
  std::string file_;
  int passed_ = 0;
  std::map<std::string, int> skipped_;
  std::vector<std::string> failures_;
};

std::vector<json> rows_of(const std::string& file) {
  std::ifstream stream(std::string(BELFRY_TIME_DATA) + "/" + file);
  REQUIRE(stream.good());
  std::vector<json> rows;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) rows.push_back(json::parse(line));
  }
  return rows;
}

CronDialect dialect_of(const json& row) {
  const std::string name = row.value("dialect", "vixie");
  if (name == "seconds6") return CronDialect::seconds;
  if (name == "quartz") return CronDialect::quartz;
  return name == "vixie" ? CronDialect::vixie : CronDialect::standard;
}

WallTime instant(const json& text) { return parse_time(text.get<std::string>(), Zone()).value(); }

Zone zone_of(const std::string& name) {
  const auto zone = Zone::load(name);
  REQUIRE(zone);
  return *zone;
}

std::vector<std::string> fires_after(const Trigger& trigger, WallTime after, std::size_t count) {
  std::vector<std::string> fires;
  while (fires.size() < count) {
    const auto next = trigger.next(after);
    if (!next) break;
    fires.push_back(format_utc(*next));
    after = *next;
  }
  return fires;
}

std::string text_of(const std::vector<std::string>& fires) { return json(fires).dump(); }

}  // namespace

TEST_CASE("cron-next: the next fires of every expression") {
  Tally tally("cron-next.jsonl");
  for (const json& row : rows_of("cron-next.jsonl")) {
    const WallTime from = instant(row["from"]);
    const bool never = row.value("never", false);
    const auto expected = row["next"].get<std::vector<std::string>>();
    const ScheduleOptions options{
        .zone = zone_of(row["tz"]), .dialect = dialect_of(row), .dst = dst_cronie, .every_anchor = from};
    const auto trigger = parse_schedule(row["expr"].get<std::string>(), options);
    if (!trigger) {
      tally.check(never, row, to_string(trigger.error()));
      continue;
    }
    const auto found = fires_after(**trigger, from, never ? 1 : expected.size());
    tally.check(found == expected, row, text_of(found));
  }
  tally.finish();
}

TEST_CASE("cron-next: looking back from a fire finds the one before it") {
  Tally tally("cron-next.jsonl, backwards");
  for (const json& row : rows_of("cron-next.jsonl")) {
    const auto fires = row["next"].get<std::vector<std::string>>();
    if (fires.size() < 2) {
      tally.skip("fewer than two fires");
      continue;
    }
    const WallTime from = instant(row["from"]);
    const ScheduleOptions options{
        .zone = zone_of(row["tz"]), .dialect = dialect_of(row), .dst = dst_cronie, .every_anchor = from};
    const auto trigger = parse_schedule(row["expr"].get<std::string>(), options).value();
    for (std::size_t i = 1; i < fires.size(); ++i) {
      const auto before = trigger->previous(instant(fires[i]));
      tally.check(before && format_utc(*before) == fires[i - 1], row, before ? format_utc(*before) : "none");
    }
  }
  tally.finish();
}

TEST_CASE("cron-invalid: every wrong expression is refused, and the error points into it") {
  Tally tally("cron-invalid.jsonl");
  for (const json& row : rows_of("cron-invalid.jsonl")) {
    const auto text = row["expr"].get<std::string>();
    const auto trigger = parse_schedule(text, {.zone = {}, .dialect = dialect_of(row), .dst = {}, .every_anchor = {}});
    if (trigger) {
      tally.fail(row, "accepted: " + (*trigger)->describe());
      continue;
    }
    const ParseError& error = trigger.error();
    const bool inside = error.offset <= text.size() && error.length <= text.size() - error.offset;
    tally.check(inside && !error.message.empty(), row, "an error outside of the text: " + to_string(error));
  }
  tally.finish();
}

TEST_CASE("cron-invalid: the default dialect refuses them too") {
  Tally tally("cron-invalid.jsonl, default dialect");
  for (const json& row : rows_of("cron-invalid.jsonl")) {
    if (row.contains("valid_in") || row["dialect"] == "quartz") {
      tally.skip("right in this dialect");
      continue;
    }
    const auto trigger = parse_schedule(row["expr"].get<std::string>());
    tally.check(!trigger.has_value(), row, "accepted");
  }
  tally.finish();
}

TEST_CASE("cron-hash: H gives every name its own slots, always the promised number") {
  Tally tally("cron-hash.jsonl");
  for (const json& row : rows_of("cron-hash.jsonl")) {
    for (const std::string_view name : {"backup", "cleanup", "a", "report-daily", "x/y", "nightly", "zzz"}) {
      const auto trigger = parse_schedule(
          row["expr"].get<std::string>(),
          {.zone = {}, .dialect = CronDialect::standard, .dst = dst_cronie, .every_anchor = {}, .hash_key = name});
      if (row.value("invalid", false) || !trigger) {
        tally.check(row.value("invalid", false) == !trigger.has_value(), row, trigger ? "accepted" : "refused");
        continue;
      }
      const WallTime from = instant(row["from"]);
      const WallTime until = from + std::chrono::hours(row["window_h"].get<int>());
      int count = 0;
      bool within = true;
      for (auto fire = (*trigger)->next(from - Duration{1}); fire && *fire < until; fire = (*trigger)->next(*fire)) {
        ++count;
        const auto date = std::chrono::floor<std::chrono::days>(*fire);
        const std::chrono::year_month_day ymd(date);
        const std::map<std::string, std::int64_t> found{{"minute", (*fire - date) / std::chrono::minutes{1} % 60},
                                                        {"hour", (*fire - date) / std::chrono::hours{1}},
                                                        {"day", static_cast<unsigned>(ymd.day())},
                                                        {"month", static_cast<unsigned>(ymd.month())},
                                                        {"weekday", std::chrono::weekday(date).c_encoding()}};
        for (const auto& [field, range] : row["within"].items()) {
          within = within && found.at(field) >= range[0] && found.at(field) <= range[1];
        }
      }
      tally.check(within && count == row["count"].get<int>(), row, std::to_string(count) + " for " + std::string(name));
    }
  }
  tally.finish();
}

TEST_CASE("cron-equal: both expressions have the same fires") {
  Tally tally("cron-equal.jsonl");
  for (const json& row : rows_of("cron-equal.jsonl")) {
    const auto a = parse_cron(row["a"].get<std::string>(), dialect_of(row));
    const auto b = parse_cron(row["b"].get<std::string>(), dialect_of(row));
    tally.check(a && b && *a == *b, row, "different");
  }
  tally.finish();
}

TEST_CASE("dst: all fires around a transition, by both policies, forwards and backwards") {
  Tally tally("dst.jsonl");
  for (const json& row : rows_of("dst.jsonl")) {
    const Zone zone = zone_of(row["zone"]);
    const auto cron = parse_cron(row["expr"].get<std::string>(), CronDialect::vixie);
    REQUIRE(cron);
    const WallTime from = instant(row["from"]);
    const WallTime until = instant(row["until"]);
    for (const auto& [key, policy] : {std::pair("vixie", dst_cronie), std::pair("naive", dst_real_time)}) {
      const CronTrigger trigger(*cron, zone, policy);
      std::vector<std::string> forwards;
      for (auto next = trigger.next(from); next && *next <= until; next = trigger.next(*next)) {
        forwards.push_back(format_utc(*next));
      }
      tally.check(json(forwards) == row[key], row, std::string(key) + " " + text_of(forwards));
      std::vector<std::string> backwards;
      for (auto last = trigger.previous(until + std::chrono::nanoseconds{1}); last && *last > from;
           last = trigger.previous(*last)) {
        backwards.insert(backwards.begin(), format_utc(*last));
      }
      tally.check(json(backwards) == row[key], row, std::string(key) + " backwards " + text_of(backwards));
    }
  }
  tally.finish();
}

TEST_CASE("dst-next: the next fires near transitions, by both policies") {
  Tally tally("dst-next.jsonl");
  for (const json& row : rows_of("dst-next.jsonl")) {
    const Zone zone = zone_of(row["tz"]);
    const auto cron = parse_cron(row["expr"].get<std::string>(), dialect_of(row));
    REQUIRE(cron);
    tally.check(cron->is_wild() == row["wild"].get<bool>(), row, "wild");
    for (const auto& [key, policy] : {std::pair("vixie_next", dst_cronie), std::pair("naive_next", dst_real_time)}) {
      const auto expected = row[key].get<std::vector<std::string>>();
      const auto found = fires_after(CronTrigger(*cron, zone, policy), instant(row["from"]), expected.size());
      tally.check(found == expected, row, std::string(key) + " " + text_of(found));
    }
  }
  tally.finish();
}

TEST_CASE("calendar: the next fires of every systemd expression, by the rule of systemd") {
  Tally tally("calendar.jsonl");
  for (const json& row : rows_of("calendar.jsonl")) {
    const auto text = row["expr"].get<std::string>();
    const auto calendar = parse_calendar(text);
    if (row.value("invalid", false)) {
      tally.check(!calendar.has_value(), row, "accepted");
      continue;
    }
    if (!calendar) {
      tally.fail(row, to_string(calendar.error()));
      continue;
    }
    const CalendarTrigger trigger(*calendar, zone_of(row["tz"]), dst_systemd);
    const auto expected = row["next"].get<std::vector<std::string>>();
    auto found = fires_after(trigger, instant(row["from"]), expected.empty() ? 1 : expected.size());
    if (row.value("subsecond", false)) {  // cut to whole seconds there
      for (std::string& fire : found) fire = fire.substr(0, fire.find_first_of(".Z")) + "Z";
    }
    tally.check(found == expected, row, text_of(found));
    tally.check(json(trigger.normalise()) == row["normalized"], row, trigger.normalise());
    const auto again = parse_calendar(trigger.normalise());
    tally.check(again && again->normalise() == trigger.normalise(), row, "the normalised form is not read back");
  }
  tally.finish();
}

TEST_CASE("duration: every text, in its dialect") {
  Tally tally("duration.jsonl");
  const std::map<std::string, DurationDialect> dialects{{"go", DurationDialect::go},
                                                        {"systemd", DurationDialect::systemd},
                                                        {"iso8601", DurationDialect::iso8601},
                                                        {"seconds", DurationDialect::seconds}};
  for (const json& row : rows_of("duration.jsonl")) {
    const auto found = parse_span(row["text"].get<std::string>(), dialects.at(row["dialect"]));
    if (row["seconds"].is_null()) {
      const bool infinite = row.value("infinite", false);
      tally.check(infinite ? found && found->infinite : !found.has_value(), row, "accepted");
      continue;
    }
    if (!found) {
      tally.fail(row, to_string(found.error()));
      continue;
    }
    const __int128 nanoseconds = __int128{found->seconds} * 1'000'000'000 + found->nanoseconds;
    const double seconds = static_cast<double>(found->seconds) + found->nanoseconds / 1e9;
    bool good = seconds == Approx(row["seconds"].get<double>());
    if (row.contains("ns")) good = nanoseconds == row["ns"].get<std::int64_t>();
    if (row.contains("us")) good = nanoseconds == __int128{row["us"].get<std::int64_t>()} * 1000;
    tally.check(good, row, std::to_string(seconds));
  }
  tally.finish();
}
