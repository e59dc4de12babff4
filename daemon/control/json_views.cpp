#include "daemon/control/json_views.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/config/base64.hpp"
#include "daemon/config/utf8.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

constexpr std::size_t kSlowPlaces = 5;

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json outcome_view(const std::optional<ledger::Outcome>& outcome) {
  return outcome ? json(to_string(*outcome)) : json(nullptr);
}

/// What is not UTF-8 cannot be in a text of JSON as it is; then its bytes stand beside what can be shown of it.
void put_bytes(json& object, const char* key, const std::string& bytes) {
  object[key] = bytes;
  if (!is_utf8(bytes)) object[std::string(key) + "_base64"] = base64(bytes);
}

json stream_view(const ledger::CapturedStream& stream) {
  json object{{"total_bytes", stream.total_bytes}, {"dropped_bytes", stream.dropped_bytes}};
  put_bytes(object, "head", stream.head);
  put_bytes(object, "tail", stream.tail);
  return object;
}

}  // namespace

json view(const std::optional<engine::WallTime>& at) { return at ? json(time::format_utc(*at)) : json(nullptr); }

json view(const engine::ApprovalQuestion& question) {
  return {{"step", question.step},
          {"message", question.message},
          {"since", view(std::optional(question.since))},
          {"until", view(question.until)}};
}

json view(const engine::Progress& progress) {
  return {{"files", progress.files},
          {"files_total", or_null(progress.files_total)},
          {"bytes", progress.bytes},
          {"bytes_total", or_null(progress.bytes_total)},
          {"share", or_null(progress.share())}};
}

json view(const engine::ActiveRun& run) {
  json approvals = json::array();
  for (const engine::ApprovalQuestion& question : run.approvals) approvals.push_back(view(question));
  return {{"run", run.run},
          {"job", run.job},
          {"trigger", to_string(run.trigger)},
          {"scheduled_at", view(run.scheduled_at)},
          {"started_at", view(std::optional(run.started_at))},
          {"attempt", run.attempt},
          {"retry_at", view(run.retry_at)},
          {"approvals", std::move(approvals)},
          {"progress", run.progress ? view(*run.progress) : json(nullptr)}};
}

json view(const engine::SlaBreached& breach) {
  return {{"job", breach.job},
          {"check", to_string(breach.check)},
          {"since", view(std::optional(breach.since))},
          {"limit_seconds", seconds(breach.limit)},
          {"value_seconds", seconds(breach.value)},
          {"run", or_null(breach.run)},
          {"message", describe(breach)}};
}

json view(const engine::JobStatus& job, const std::vector<engine::SlaBreached>& breaches) {
  json paused = nullptr;
  if (job.paused) {
    paused = {{"reason", job.paused->reason},
              {"by", job.paused->by},
              {"at", view(std::optional(job.paused->at))},
              {"until", view(job.paused->until)}};
  }
  json running = json::array();
  for (const engine::ActiveRun& run : job.running) running.push_back(view(run));
  json late = json::array();
  for (const engine::SlaBreached& breach : breaches) {
    if (breach.job == job.name) late.push_back(view(breach));
  }
  return {{"name", job.name},
          {"description", job.description},
          {"action", job.action},
          {"schedule", job.schedule},
          {"timezone", job.timezone},
          {"enabled", job.enabled},
          {"one_shot", job.one_shot},
          {"paused", std::move(paused)},
          {"next", view(job.next)},
          {"running", std::move(running)},
          {"queued", job.queued},
          {"last_start", view(job.last_start)},
          {"last_success", view(job.last_success)},
          {"last_outcome", outcome_view(job.last_outcome)},
          {"consecutive_failures", job.consecutive_failures},
          {"breaches", std::move(late)}};
}

json view(const engine::EngineStatus& status) {
  return {{"generation", status.generation}, {"jobs", status.jobs},         {"running", status.running},
          {"queued", status.queued},         {"draining", status.draining}, {"next", view(status.next)}};
}

json view(const ledger::RunRow& run) {
  return {{"run", run.run},
          {"job", run.job},
          {"trigger", to_string(run.trigger)},
          {"scheduled_at", view(run.scheduled_at)},
          {"started_at", view(std::optional(run.started_at))},
          {"ended_at", view(run.ended_at)},
          {"duration_seconds", run.ended_at ? json(seconds(*run.ended_at - run.started_at)) : json(nullptr)},
          {"outcome", outcome_view(run.outcome)},
          {"exit_code", or_null(run.exit_code)},
          {"signal", or_null(run.signal)},
          {"attempts", run.attempts},
          {"message", run.message}};
}

json view(const ledger::RunEnded& run) {
  return view(ledger::RunRow{.run = run.run,
                             .job = run.job,
                             .trigger = run.trigger,
                             .scheduled_at = run.scheduled_at,
                             .started_at = run.started_at,
                             .ended_at = run.ended_at,
                             .outcome = run.outcome,
                             .exit_code = run.exit_code,
                             .signal = run.signal,
                             .attempts = run.attempts,
                             .message = run.message});
}

json view(const ledger::AttemptEnded& attempt) {
  return {{"attempt", attempt.attempt},
          {"started_at", view(std::optional(attempt.started_at))},
          {"ended_at", view(std::optional(attempt.ended_at))},
          {"duration_seconds", seconds(attempt.ended_at - attempt.started_at)},
          {"outcome", to_string(attempt.outcome)},
          {"exit_code", or_null(attempt.exit_code)},
          {"signal", or_null(attempt.signal)},
          {"message", attempt.message},
          {"cpu_user_seconds", seconds(attempt.usage.user_cpu)},
          {"cpu_system_seconds", seconds(attempt.usage.system_cpu)},
          {"max_rss_bytes", attempt.usage.max_rss_bytes},
          {"memory_peak_bytes", or_null(attempt.usage.memory_peak_bytes)},
          {"read_bytes", attempt.usage.read_bytes},
          {"written_bytes", attempt.usage.written_bytes},
          {"orphans", attempt.orphans}};
}

json view(const ledger::StepEnded& step) {
  return {{"step", step.step},
          {"item", step.item == 0 ? json() : json(step.item)},
          {"label", step.label},
          {"try", step.number},
          {"started_at", view(std::optional(step.started_at))},
          {"ended_at", view(std::optional(step.ended_at))},
          {"duration_seconds", seconds(step.ended_at - step.started_at)},
          {"outcome", step.outcome ? to_string(*step.outcome) : "skipped"},
          {"exit_code", or_null(step.exit_code)},
          {"signal", or_null(step.signal)},
          {"message", step.message},
          {"outputs", step.outputs.empty() ? json::object() : json(step.outputs)}};
}

json output_view(const ledger::AttemptEnded& attempt) {
  return {{"attempt", attempt.attempt},
          {"outcome", to_string(attempt.outcome)},
          {"stdout", stream_view(attempt.standard_output)},
          {"stderr", stream_view(attempt.standard_error)}};
}

json view(const ledger::LedgerStats& stats) {
  return {{"queued", stats.queued},         {"queued_bytes", stats.queued_bytes},
          {"written", stats.written},       {"commits", stats.commits},
          {"errors", stats.errors},         {"dropped", stats.dropped},
          {"size_bytes", stats.size_bytes}, {"last_error", stats.last_error}};
}

json view(const async::LoopStats& stats) {
  json slow = json::array();
  auto places = stats.slow_places;
  std::ranges::sort(places, std::greater{}, &async::SlowPlace::longest);
  for (const async::SlowPlace& place : places) {
    if (slow.size() == kSlowPlaces) break;
    slow.push_back({{"place", to_string(place.place)},
                    {"task", place.task},
                    {"kind", place.kind},
                    {"count", place.count},
                    {"longest_seconds", seconds(place.longest)}});
  }
  std::uint64_t leaked = 0;
  for (const async::KindStats& kind : stats.kinds) leaked += kind.leaked;
  json step = nullptr;
  if (stats.running) {
    step = {{"task", stats.running->task},
            {"kind", stats.running->kind},
            {"place", to_string(stats.running->place)},
            {"elapsed_seconds", seconds(stats.running->elapsed)}};
  }
  return {
      {"tasks", stats.tasks},           {"leaked_tasks", leaked},         {"timers", stats.timers + stats.wall_timers},
      {"iterations", stats.iterations}, {"slow_steps", stats.slow_steps}, {"slow_places", std::move(slow)},
      {"current_step", std::move(step)}};
}

}  // namespace belfry::daemon
