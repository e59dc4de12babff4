#include "daemon/config/lint.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "daemon/config/clock_change.hpp"
#include "daemon/config/error_list.hpp"
#include "daemon/config/flow_lint.hpp"
#include "daemon/config/narrowing_reader.hpp"
#include "daemon/config/odd_glob.hpp"
#include "daemon/config/policy_lint.hpp"
#include "io/http_client.hpp"
#include "time/every.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using std::chrono::days;

constexpr days calendar_notice{180};
constexpr int looked_ahead = 100;  // slots that are looked at for days off

class Linter {
 public:
  Linter(const Config& config, ErrorList& warnings, time::WallTime now)
      : config_(&config), warnings_(&warnings), now_(now) {}

  void run() {
    std::set<std::string> used;
    for (const JobSpec& job : config_->jobs) {
      used.insert(job.policies.schedule.holidays.begin(), job.policies.schedule.holidays.end());
      if (job.trigger.trigger) check_job(job);
      if (job.trigger.watch) check_watch(job, *job.trigger.watch);
    }
    for (const auto& [name, calendar] : config_->calendars) check_calendar(name, calendar, used.contains(name));
    if (config_->tracing) check_tracing(*config_->tracing);
  }

 private:
  void warn(Place place, const std::string& key, Complaint complaint) {
    add_warning(*warnings_, place, key, std::move(complaint));
  }

  void warn(const JobSpec& job, std::string_view key, Place place, Complaint complaint) {
    warn(place, path_to("jobs", job.name) + (key.empty() ? "" : "." + std::string(key)), std::move(complaint));
  }

  void check_job(const JobSpec& job) {
    for (const SchedulePart& part : job.trigger.parts) check_part(job, part);
    check_interval(job);
    const auto next = job.trigger.trigger->next(now_);
    if (!next) {
      warn(job, "", job.place, {"it is never due again", "", "delete the job, or give it times to come"});
    } else {
      check_days_off(job, *next);
    }
  }

  void check_watch(const JobSpec& job, const engine::Watch& watch) {
    const auto check = [&](std::string_view key, const std::string& pattern) {
      if (auto found = odd_glob(pattern)) warn(job, key, job.place, *std::move(found));
    };
    for (const std::string& path : watch.paths) check("watch", path);
    for (const std::string& pattern : watch.exclude) check("watch.exclude", pattern);
  }

  void check_part(const JobSpec& job, const SchedulePart& part) {
    const SchedulePolicies& policies = job.policies.schedule;
    const auto other = policies.dialect_given ? std::nullopt : time::other_reading(part.text, policies.dialect);
    if (other) warn(job, "schedule", part.place, {other->message, "", other->hint});
    const time::Cron* const pattern = pattern_of(*part.trigger);
    if (pattern == nullptr) return;
    if (dynamic_cast<const time::CronTrigger*>(part.trigger.get()) != nullptr) check_days(job, part, pattern->fields());
    if (pattern->is_wild() && job.policies.schedule.dst.wildcards_follow_real_time) return;
    const auto zone = job.trigger.zone ? *job.trigger.zone : time::Zone::load(job.timezone).value_or(time::Zone());
    for (const ClockChange& change : clock_changes(*pattern, *job.trigger.trigger, zone, now_)) {
      warn(job, "schedule", part.place, {change.text, "", "dst_gap and dst_overlap decide about this"});
    }
  }

  void check_days(const JobSpec& job, const SchedulePart& part, const time::CronFields& fields) {
    if (!fields.any_day && !fields.any_weekday && !fields.day_and_weekday) {
      warn(job, "schedule", part.place,
           {"the day of the month and the weekday are both restricted: it is due on every day that matches either", "",
            "a + before the weekday asks for both"});
    }
    constexpr std::uint32_t long_months_only = (1U << 29) | (1U << 30) | (1U << 31);
    const bool by_number = fields.days != 0 && fields.days_from_end == 0 && fields.nearest_weekdays == 0 &&
                           fields.nearest_weekdays_from_end == 0 && (fields.any_weekday || fields.day_and_weekday);
    constexpr std::uint32_t all_months = 0x1ffe;
    if (by_number && (fields.days & ~long_months_only) == 0 && fields.months == all_months) {
      warn(job, "schedule", part.place,
           {"months without such a day are left out", "", "L is the last day of every month"});
    }
  }

  void check_interval(const JobSpec& job) {
    const auto* const every = dynamic_cast<const time::EveryTrigger*>(job.trigger.trigger.get());
    if (every == nullptr || every->interval() % days{1} != time::Duration{0}) return;
    const auto zone = time::Zone::load(job.timezone).value_or(time::Zone());
    if (!zone.next_transition(now_)) return;
    warn(job, "every", job.place,
         {"a day is 24 hours here: the time of day moves when the clock of " + job.timezone + " is changed", "",
          "for a time of day write a schedule, such as \"0 3 * * *\""});
  }

  void check_days_off(const JobSpec& job, time::WallTime next) {
    if (!job.days_off || job.policies.schedule.on_holiday != OnHoliday::skip) return;
    const time::DaysOff off{job.days_off, time::Zone::load(job.timezone).value_or(time::Zone())};
    std::optional<time::WallTime> slot = next;
    for (int i = 0; i < looked_ahead && slot; ++i, slot = job.trigger.trigger->next(*slot)) {
      if (!off.contains(*slot)) return;
    }
    warn(job, "holidays", job.place,
         {"all of its next slots lie on days off and are skipped", "", "on_holiday: before or after moves them"});
  }

  void check_calendar(const std::string& name, const HolidayCalendar& calendar, bool used) {
    const std::string key = path_to("calendars", name);
    if (!used) warn(calendar.place, key, {"no job has it among its holidays", "", "delete it, or name it in holidays"});
    if (calendar.timed_events > 0) {
      warn(
          calendar.place, key,
          {std::to_string(calendar.timed_events) + " events of its .ics files have a time of day and are passed over"});
    }
    const auto today = std::chrono::floor<days>(config_->settings.timezone.to_local(now_));
    if (calendar.runs_out && *calendar.runs_out < today + calendar_notice) {
      warn(calendar.place, key,
           {std::string(*calendar.runs_out < today ? "it has run out" : "it runs out soon") +
                ": no single date after " + time::format_date(*calendar.runs_out),
            "", "add the dates of the next year"});
    }
  }

  void check_tracing(const TracingSettings& tracing) {
    if (!io::origin_of(tracing.endpoint.text).ends_with(":4317")) return;
    warn(tracing.place, "tracing.endpoint",
         {"4317 is the port of OTLP over gRPC, and spans are sent over HTTP", "", "there collectors listen on 4318"});
  }

  const Config* config_;
  ErrorList* warnings_;
  time::WallTime now_;
};

}  // namespace

std::vector<ConfigError> lint(const Config& config, const std::string& name, time::WallTime now) {
  const SourceText source(name, config.text);
  ErrorList warnings(source);
  Linter(config, warnings, now).run();
  lint_policies(config, warnings, now);
  lint_flows(config, warnings);
  return warnings.take();
}

}  // namespace belfry::daemon
