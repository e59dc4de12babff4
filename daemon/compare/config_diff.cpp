#include "daemon/compare/config_diff.hpp"

#include <algorithm>

#include "daemon/compare/declared_keys.hpp"
#include "daemon/config/catalog_builder.hpp"
#include "engine/catalog_diff.hpp"

namespace belfry::daemon {
namespace {

bool same_days(const Calendars& before, const Calendars& after) {
  return std::ranges::equal(before, after, [](const auto& one, const auto& other) {
    return one.first == other.first && *one.second.days == *other.second.days;
  });
}

}  // namespace

ConfigDiff compare(const Declaration& before, const Declaration& after, time::WallTime now, bool same_zones) {
  ConfigDiff result;
  engine::CatalogDiff jobs = engine::diff(&before.catalog, after.catalog);
  result.added = std::move(jobs.added);
  result.removed = std::move(jobs.removed);
  if (before.text != after.text) {
    const DeclaredKeys old_keys = declared_keys(before.text);
    const DeclaredKeys new_keys = declared_keys(after.text);
    result.settings = differing(old_keys.top, new_keys.top);
    for (std::string& job : jobs.changed) {
      auto keys = edited_keys(old_keys, new_keys, job);
      result.changed.push_back({.job = std::move(job), .keys = std::move(keys)});
    }
  } else {
    for (std::string& job : jobs.changed) result.changed.push_back({.job = std::move(job), .keys = {}});
  }
  result.from = now;
  result.until = now + diff_horizon;
  const bool same_rules = same_zones && same_days(before.calendars, after.calendars);
  result.fires = engine::diff_fires(before.catalog, after.catalog,
                                    {.from = result.from, .until = result.until, .same_rules = same_rules});
  return result;
}

ConfigDiff compare(const Config& before, const Config& after, time::WallTime now) {
  const auto old_jobs = build_timetable(before);
  const auto new_jobs = build_timetable(after);
  return compare({.catalog = *old_jobs, .text = before.text, .calendars = before.calendars},
                 {.catalog = *new_jobs, .text = after.text, .calendars = after.calendars}, now);
}

}  // namespace belfry::daemon
