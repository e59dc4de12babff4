#include "daemon/config/trigger_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "time/after.hpp"
#include "time/at.hpp"
#include "time/every.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"

namespace belfry::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> trigger_keys{"schedule", "every", "at", "after"};

std::optional<TriggerSpec> read_schedule(const Value& value, const TriggerContext& context) {
  static constexpr std::string_view expected = "a cron expression in quotes, such as \"*/5 * * * *\"";
  if (value.node().kind == yaml::Node::Kind::sequence) {
    value.complain({"a schedule is one expression, not a list", std::string(expected),
                    "declare a job for each, or join the fields: \"0 6,18 * * *\""});
    return std::nullopt;
  }
  const auto text = value.text(expected);
  if (!text) return std::nullopt;
  auto trigger = time::parse_schedule(*text, {.zone = context.zone, .hash_key = context.job});
  if (trigger) return TriggerSpec{*trigger, *text};
  value.complain(trigger.error());
  return std::nullopt;
}

std::optional<TriggerSpec> read_every(const Value& value) {
  const auto interval = value.duration({.minimum = 10ms, .maximum = longest_duration});
  if (!interval) return std::nullopt;
  return TriggerSpec{std::make_shared<time::EveryTrigger>(*interval), "every " + value.node().text};
}

std::optional<TriggerSpec> read_at(const Value& value, const time::Zone& zone) {
  if (!value.text("a time such as 2026-12-31 23:59")) return std::nullopt;
  const auto instant = time::parse_time(value.node().text, zone);
  if (instant) return TriggerSpec{std::make_shared<time::AtTrigger>(*instant, zone), "at " + value.node().text};
  value.complain(instant.error());
  return std::nullopt;
}

std::optional<TriggerSpec> read_after(const Value& value, time::WallTime started) {
  const auto delay = value.duration({.minimum = 0s, .maximum = longest_duration});
  if (!delay) return std::nullopt;
  return TriggerSpec{std::make_shared<time::AfterTrigger>(*delay, started), "after " + value.node().text};
}

std::optional<TriggerSpec> read_one(std::string_view key, const Value& value, const TriggerContext& context) {
  if (key == "schedule") return read_schedule(value, context);
  if (key == "every") return read_every(value);
  if (key == "at") return read_at(value, context.zone);
  return read_after(value, context.started);
}

}  // namespace

std::optional<TriggerSpec> read_trigger(const MapReader& job, const TriggerContext& context) {
  std::optional<std::string_view> given;
  std::optional<TriggerSpec> result = TriggerSpec{};
  for (const auto& entry : job.map().node().entries) {
    const std::string_view key = entry.key;
    if (std::ranges::find(trigger_keys, key) == trigger_keys.end()) continue;
    const auto value = job.get(key);
    auto trigger = value ? read_one(key, *value, context) : std::nullopt;
    if (given) {
      job.complain_at_key(key, {"a job has one trigger, and " + in_quotes(*given) + " is given too",
                                "one of schedule, every, at, after", "declare a second job for the other times"});
      return std::nullopt;
    }
    given = key;
    result = std::move(trigger);
  }
  return result;
}

}  // namespace belfry::daemon
