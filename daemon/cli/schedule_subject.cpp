#include "daemon/cli/schedule_subject.hpp"

#include <algorithm>

#include "daemon/config/load_config.hpp"
#include "time/calendar.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon::cli {
namespace {

using nlohmann::json;

time::Zone zone_of(const Session& session, const std::string& name) {
  if (name.empty()) return session.zone;
  const auto zone = time::Zone::load(name);
  if (!zone) throw CommandError(kUsage, "--tz: " + to_string(zone.error()));
  return *zone;
}

ScheduleSubject expression(const Session& session, const NextOptions& options) {
  ScheduleSubject subject{.job = {}, .text = options.subject, .zone = zone_of(session, options.timezone)};
  if (!options.dialect.empty()) {
    const auto dialect = time::cron_dialect_from(options.dialect);
    if (!dialect) {
      std::string hint = time::did_you_mean(options.dialect, time::cron_dialect_names());
      for (const std::string_view name : time::cron_dialect_names()) hint += " " + std::string(name);
      throw CommandError(kUsage, "--dialect: there is no dialect \"" + options.dialect + "\"; there are:" + hint);
    }
    subject.dialect = *dialect;
  }
  const auto trigger = time::parse_schedule(
      options.subject, {.zone = subject.zone, .dialect = subject.dialect, .hash_key = options.hash_key});
  if (!trigger) {
    const auto& error = trigger.error();
    const std::string caret = std::string(error.offset, ' ') + std::string(std::max<std::size_t>(error.length, 1), '^');
    throw CommandError(kUsage, to_string(error) + "\n  " + options.subject + "\n  " + caret);
  }
  subject.trigger = *trigger;
  subject.plain = *trigger;
  if (const auto* calendar = dynamic_cast<const time::CalendarTrigger*>(trigger->get()))
    subject.zone = calendar->zone();
  return subject;
}

ScheduleSubject job_of_file(const Session& session, const NextOptions& options) {
  const LoadResult config = load_config(options.config, {.started = session.now});
  if (!config) throw CommandError(kBadConfig, format_errors(config.error()));
  const auto job = std::ranges::find(config->jobs, options.subject, &JobSpec::name);
  if (job == config->jobs.end()) {
    std::vector<std::string> names;
    for (const JobSpec& other : config->jobs) names.push_back(other.name);
    const std::string hint = time::did_you_mean(options.subject, names);
    throw CommandError(kNotFound,
                       options.config + " has no job \"" + options.subject + "\"" + (hint.empty() ? "" : "; " + hint));
  }
  return {.job = job->name,
          .text = job->trigger.text,
          .zone = time::Zone::load(job->timezone).value_or(session.zone),
          .trigger = job->trigger.trigger,
          .watch = job->trigger.watch,
          .plain = job->trigger.parts.size() == 1 ? job->trigger.parts[0].trigger : nullptr,
          .dialect = job->policies.schedule.dialect,
          .enabled = job->policies.run.enabled};
}

}  // namespace

bool is_expression(const std::string& subject) { return subject.find_first_of(" *@/,:") != std::string::npos; }

ScheduleSubject find_subject(const Session& session, const NextOptions& options) {
  if (is_expression(options.subject)) return expression(session, options);
  if (!options.config.empty()) return job_of_file(session, options);
  return {.job = options.subject, .text = {}, .zone = zone_of(session, options.timezone), .of_daemon = true};
}

json document_of(Session& session, const ScheduleSubject& subject, int count, std::optional<time::WallTime> around) {
  std::string rest = "/next?n=" + std::to_string(count);
  if (around) rest += "&around=" + escaped(time::format_utc(*around));
  return session.client.get(job_path(subject.job, rest));
}

std::vector<time::WallTime> slots_of(Session& session, const ScheduleSubject& subject, int count,
                                     std::optional<time::WallTime> around) {
  std::vector<time::WallTime> slots;
  if (!subject.trigger && !subject.of_daemon) return slots;  // no time makes it due
  if (subject.of_daemon) {
    for (const json& slot : document_of(session, subject, count, around).at("slots")) {
      if (const auto at = time::parse_time(slot.get<std::string>(), time::Zone())) slots.push_back(*at);
    }
    return slots;
  }
  const auto most = static_cast<std::size_t>(count);
  if (around) {
    for (auto slot = subject.trigger->previous(*around); slot && slots.size() < most;
         slot = subject.trigger->previous(*slot)) {
      slots.push_back(*slot);
    }
    std::ranges::reverse(slots);
  }
  const std::size_t before = slots.size();
  const time::WallTime after = around ? *around - time::Duration{1} : session.now;
  for (auto slot = subject.trigger->next(after); slot && slots.size() < before + most;
       slot = subject.trigger->next(*slot)) {
    slots.push_back(*slot);
  }
  return slots;
}

}  // namespace belfry::daemon::cli
