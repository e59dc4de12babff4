#include "daemon/config/narrowing_reader.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "time/calendar.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view exclusion_expected = "a date, a weekday or a schedule expression, or a list of them";

/// Dates and weekdays are single words, expressions are several.
bool is_expression(std::string_view text) noexcept { return text.find_first_of(" \t@:") != std::string_view::npos; }

bool add_exclusion(const Value& value, time::CronDialect dialect, time::Exclusions& exclusions) {
  const auto text = value.text(exclusion_expected);
  if (!text) return false;
  exclusions.texts.push_back(*text);
  if (!is_expression(*text)) {
    const auto added = exclusions.days.add(*text);
    if (!added) value.complain(added.error());
    return added.has_value();
  }
  const auto trigger = time::parse_schedule(*text, {.zone = {}, .dialect = dialect});
  if (!trigger) {
    value.complain(trigger.error());
    return false;
  }
  const auto* const calendar = dynamic_cast<const time::CalendarTrigger*>(trigger->get());
  const auto* const pattern = pattern_of(**trigger);
  if (pattern == nullptr || (calendar != nullptr && calendar->calendar().zone)) {
    value.complain({"only times on the job's own clock can be left out", std::string(exclusion_expected),
                    "write a cron expression, or a calendar expression without a time zone"});
    return false;
  }
  exclusions.patterns.push_back(*pattern);
  return true;
}

/// `at_end`: of a date alone, the last instant.
std::optional<time::WallTime> read_end(const Value& value, const time::Zone& zone, bool at_end) {
  if (!value.text("a date or a time such as 2026-12-31 23:59")) return std::nullopt;
  const auto date = time::parse_date(value.node().text);
  if (date && at_end) {
    const auto midnight = zone.resolve(*date + std::chrono::days{1});
    return std::min(midnight.before, midnight.transition) - time::Duration{1};
  }
  const auto instant = time::parse_time(value.node().text, zone);
  if (instant) return *instant;
  value.complain(instant.error());
  return std::nullopt;
}

}  // namespace

const time::Cron* pattern_of(const time::Trigger& trigger) noexcept {
  if (const auto* cron = dynamic_cast<const time::CronTrigger*>(&trigger)) return &cron->cron();
  const auto* const calendar = dynamic_cast<const time::CalendarTrigger*>(&trigger);
  return calendar != nullptr && !calendar->calendar().has_fractions ? &calendar->calendar().pattern : nullptr;
}

std::optional<time::Exclusions> read_exclusions(const Value& value, time::CronDialect dialect) {
  time::Exclusions exclusions;
  if (value.node().kind != yaml::Node::Kind::sequence) {
    return add_exclusion(value, dialect, exclusions) ? std::optional(std::move(exclusions)) : std::nullopt;
  }
  const auto items = value.list(exclusion_expected);
  if (!items) return std::nullopt;
  bool good = true;
  for (const Value& item : *items) good = add_exclusion(item, dialect, exclusions) && good;
  return good ? std::optional(std::move(exclusions)) : std::nullopt;
}

std::optional<time::Validity> read_validity(const Value& value, const time::Zone& zone) {
  if (value.node().text == "true" || value.node().text == "false") {
    value.complain({"this is the span in which the job is due", "a map with from or until",
                    "to switch the job off, write enabled: false"});
    return std::nullopt;
  }
  if (!value.is_map("a map with from or until")) return std::nullopt;
  const MapReader map(value, active_section);
  time::Validity validity;
  const auto from = map.get("from");
  const auto until = map.get("until");
  if (from) validity.from = read_end(*from, zone, false);
  if (until) validity.until = read_end(*until, zone, true);
  if ((from && !validity.from) || (until && !validity.until)) return std::nullopt;
  if (!from && !until) {
    value.complain({"neither from nor until is given", "a map with from or until"});
    return std::nullopt;
  }
  if (from && until && *validity.until < *validity.from) {
    until->complain({"this is before active.from", "a later time"});
    return std::nullopt;
  }
  return validity;
}

}  // namespace belfry::daemon
