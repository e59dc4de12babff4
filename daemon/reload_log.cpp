#include "daemon/reload_log.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "daemon/compare/diff_view.hpp"
#include "daemon/config/config_error.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

/// How many slots that have moved are logged one by one, and how many lines about what a reload changes.
constexpr std::size_t most_lines = 50;

void log_differences(observe::Log& log, const ConfigDiff& differences) {
  for (const std::string& line : lines_of(differences, most_lines)) {
    log.info("the new configuration differs", {{"line", line}});
  }
}

void log_moved(observe::Log& log, const std::vector<engine::MovedSlot>& moved) {
  const auto shown = [](const std::optional<time::WallTime>& slot) { return slot ? time::format_utc(*slot) : "never"; };
  for (std::size_t i = 0; i < std::min(moved.size(), most_lines); ++i) {
    log.info("the next slot has moved",
             {{"job", moved[i].job}, {"before", shown(moved[i].before)}, {"now", shown(moved[i].now)}});
  }
  if (moved.size() > most_lines) {
    log.info("more next slots have moved", {{"count", std::to_string(moved.size() - most_lines)}});
  }
}

}  // namespace

void log_reload(observe::Log& log, const ReloadReport& report) {
  if (report.restored) {
    log.info("the configuration is valid again: it is the one in force",
             {{"generation", std::to_string(report.generation)}});
    return;
  }
  if (report.zones) {
    log.info("tzdata was updated: its new rules are in force",
             {{"before", report.zones->before}, {"now", report.zones->now}});
  }
  if (report.differences) log_differences(log, *report.differences);
  log_moved(log, report.changes.moved);
  for (const ConfigError& error : report.errors) log.error(format_error(error));
  if (!report.errors.empty()) {
    log.error("the configuration is not valid: the old one stays in force");
    return;
  }
  for (const std::string& key : report.needs_restart) {
    log.warning("the new value takes effect at the next start of belfryd", {{"key", key}});
  }
}

ReloadResult result_of(const ReloadReport& report) {
  return {.applied = report.errors.empty(),
          .errors = report.errors.empty() ? "" : format_errors(report.errors),
          .generation = report.generation,
          .added = report.changes.added,
          .changed = report.changes.changed,
          .removed = report.changes.removed,
          .needs_restart = report.needs_restart,
          .differences = report.differences};
}

}  // namespace belfry::daemon
