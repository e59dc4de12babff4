#include "daemon/time_oracle/answer.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "time/calendar.hpp"
#include "time/cron.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon::time_oracle {
namespace {

using nlohmann::json;

/// A question that cannot be answered; its text goes into "error".
class Refused : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename T>
T value_or_refuse(time::Parsed<T> parsed) {
  if (!parsed) throw Refused(to_string(parsed.error()));
  return *std::move(parsed);
}

std::string text_of(const json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || !found->is_string()) throw Refused(std::string("the key \"") + key + "\" has to be a text");
  return found->get<std::string>();
}

std::string text_or(const json& row, const char* key, const char* otherwise) {
  return row.contains(key) ? text_of(row, key) : otherwise;
}

time::WallTime instant_of(const json& row, const char* key) {
  return value_or_refuse(time::parse_time(text_of(row, key), time::Zone()));
}

time::Zone zone_of(const json& row, const char* key) {
  return value_or_refuse(time::Zone::load(text_or(row, key, "UTC")));
}

template <typename Dialect>
using Name = std::pair<std::string_view, Dialect>;

template <typename Dialect, std::size_t N>
Dialect dialect_of(const json& row, const std::array<Name<Dialect>, N>& names, const char* otherwise) {
  const std::string given = text_or(row, "dialect", otherwise);
  const auto found = std::ranges::find(names, given, &Name<Dialect>::first);
  if (found == names.end()) throw Refused("no dialect is called \"" + given + "\"");
  return found->second;
}

time::CronDialect cron_dialect_of(const json& row) {
  using enum time::CronDialect;
  static constexpr std::array<Name<time::CronDialect>, 2> names{{{"seconds6", seconds}, {"nickname", standard}}};
  const auto known = time::cron_dialect_from(text_or(row, "dialect", "vixie"));
  return known ? *known : dialect_of(row, names, "vixie");
}

time::DurationDialect duration_dialect_of(const json& row) {
  using enum time::DurationDialect;
  static constexpr std::array<Name<time::DurationDialect>, 5> names{
      {{"go", go}, {"systemd", systemd}, {"iso8601", iso8601}, {"seconds", seconds}, {"any", any}}};
  return dialect_of(row, names, "any");
}

json written(time::WallTime instant) { return time::format_utc(std::chrono::floor<std::chrono::seconds>(instant)); }

/// As many fires as `key` lists; 5 when it lists none.
json next_of(const time::Trigger& trigger, const json& row, const char* key = "next") {
  const auto list = row.find(key);
  const bool listed = list != row.end() && list->is_array() && !list->empty();
  const std::size_t count = listed ? list->size() : 5;
  json fires = json::array();
  for (const time::WallTime fire : trigger.between(instant_of(row, "from"), time::WallTime::max())) {
    if (fires.size() == count) break;
    fires.push_back(written(fire));
  }
  return fires;
}

json fires_of(const time::Trigger& trigger, time::WallTime after, time::WallTime until) {
  constexpr std::size_t most = 1'000'000;
  json fires = json::array();
  for (const time::WallTime fire : trigger.between(after, until)) {
    if (fires.size() == most) throw Refused("there are more than a million fires");
    fires.push_back(written(fire));
  }
  return fires;
}

using AnyTrigger = std::shared_ptr<const time::Trigger>;

/// Of cron's grammars only: parse_schedule() would take a calendar expression too.
AnyTrigger cron_trigger_of(const json& row, time::WallTime anchor) {
  const std::string text = text_of(row, "expr");
  const auto dialect = cron_dialect_of(row);
  const auto zone = zone_of(row, "tz");
  const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  constexpr std::string_view every = "@every";
  const bool is_every = time::edit_distance(std::string_view(text).substr(start, every.size()), every, 0) == 0;
  if (is_every) return value_or_refuse(time::parse_schedule(text, {.zone = zone, .every_anchor = anchor}));
  return std::make_shared<time::CronTrigger>(value_or_refuse(time::parse_cron(text, dialect)), zone);
}

json cron_next(const json& row) { return {{"next", next_of(*cron_trigger_of(row, instant_of(row, "from")), row)}}; }

/// What is wrong is the answer; what is right fires.
json cron_invalid(const json& row) {
  const time::WallTime from{std::chrono::seconds{1'700'000'000}};
  const AnyTrigger trigger = cron_trigger_of(row, from);
  json fires = json::array();
  for (const time::WallTime fire : fires_between(*trigger, from, time::WallTime::max(), 5))
    fires.push_back(written(fire));
  return {{"next", std::move(fires)}};
}

json cron_equal(const json& row) {
  const auto dialect = cron_dialect_of(row);
  const auto one = value_or_refuse(time::parse_cron(text_of(row, "a"), dialect));
  const auto other = value_or_refuse(time::parse_cron(text_of(row, "b"), dialect));
  return {{"equal", one.has_same_fires(other)}};
}

json cron_hash(const json& row) {
  const std::string name = text_or(row, "name", "job");
  const auto cron = value_or_refuse(time::parse_cron(text_of(row, "expr"), time::CronDialect::standard, name));
  const time::CronTrigger trigger(cron, time::Zone());
  if (!row.contains("window_h")) return {{"next", next_of(trigger, row)}};
  if (!row.at("window_h").is_number_integer()) throw Refused("window_h is a whole number of hours");
  const auto hours = row.at("window_h").get<std::int64_t>();
  if (hours < 0 || hours > 1'000'000) throw Refused("window_h is from 0 to 1000000");
  const time::WallTime from = instant_of(row, "from");
  const time::Duration least{1};  // the window is [from, from + window)
  return {{"fires", fires_of(trigger, from - least, from + std::chrono::hours(hours) - least)}};
}

json dst(const json& row) {
  const std::string policy = text_or(row, "policy", "vixie");
  if (policy != "vixie" && policy != "naive") throw Refused("the policy is vixie or naive, not \"" + policy + "\"");
  const auto cron = value_or_refuse(time::parse_cron(text_of(row, "expr"), cron_dialect_of(row)));
  const time::CronTrigger trigger(cron, zone_of(row, "zone"),
                                  policy == "vixie" ? time::dst_cronie : time::dst_real_time);
  return {{"fires", fires_of(trigger, instant_of(row, "from"), instant_of(row, "until"))}};
}

json dst_next(const json& row) {
  const auto cron = value_or_refuse(time::parse_cron(text_of(row, "expr"), cron_dialect_of(row)));
  const auto zone = zone_of(row, "tz");
  json vixie = next_of(time::CronTrigger(cron, zone, time::dst_cronie), row, "vixie_next");
  json naive = next_of(time::CronTrigger(cron, zone, time::dst_real_time), row, "naive_next");
  return {{"next", vixie}, {"vixie_next", vixie}, {"naive_next", std::move(naive)}, {"wild", cron.is_wild()}};
}

json calendar(const json& row) {
  const auto parsed = value_or_refuse(time::parse_calendar(text_of(row, "expr")));
  const time::CalendarTrigger trigger(parsed, zone_of(row, "tz"), time::dst_systemd);
  return {{"next", next_of(trigger, row)}, {"normalized", trigger.normalise()}};
}

std::string digits_of(__int128 value) {
  std::string digits;
  const bool negative = value < 0;
  do {
    const auto digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + digits : digits;
}

/// Written by hand: the nanoseconds of systemd's and Java's longest spans are beyond the numbers of the JSON library.
std::string duration(const json& row) {
  const auto span = value_or_refuse(time::parse_span(text_of(row, "text"), duration_dialect_of(row)));
  if (span.infinite) return R"({"infinite":true})";
  constexpr int nanoseconds_per_second = 1'000'000'000;
  return R"({"ns":)" + digits_of(__int128{span.seconds} * nanoseconds_per_second + span.nanoseconds) + "}";
}

std::string in_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string answer_row(const json& row) {
  if (!row.is_object()) throw Refused("a line has to be one JSON object");
  static constexpr std::array<std::pair<std::string_view, json (*)(const json&)>, 7> kinds{
      {{"cron-next", cron_next},
       {"cron-invalid", cron_invalid},
       {"cron-equal", cron_equal},
       {"cron-hash", cron_hash},
       {"dst", dst},
       {"dst-next", dst_next},
       {"calendar", calendar}}};
  const std::string kind = text_of(row, "kind");
  if (kind == "duration") return duration(row);
  for (const auto& [name, answer_kind] : kinds) {
    if (kind == name) return in_text(answer_kind(row));
  }
  throw Refused("no kind of question is called \"" + kind + "\"");
}

}  // namespace

std::string answer(std::string_view line) {
  try {
    return answer_row(json::parse(line));
  } catch (const std::exception& error) {
    return in_text({{"error", error.what()}});
  }
}

}  // namespace belfry::daemon::time_oracle
