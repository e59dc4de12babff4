// What to tell someone who wrote a key that is not there: what other schedulers call it, and what is near.
#include <algorithm>
#include <array>
#include <vector>

#include "daemon/config/error_list.hpp"
#include "daemon/config/keys.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

// What other schedulers call it.
struct Synonym {
  std::string_view theirs;
  std::string_view ours;
};

constexpr std::array synonyms{
    Synonym{"timeZone", "timezone"},
    Synonym{"tz", "timezone"},
    Synonym{"time_zone", "timezone"},
    Synonym{"utc", "timezone"},
    Synonym{"executionTimeout", "timeout"},
    Synonym{"activeDeadlineSeconds", "timeout"},
    Synonym{"timeout_sec", "timeout"},
    Synonym{"max_runtime", "timeout"},
    Synonym{"killTimeout", "kill_grace"},
    Synonym{"kill_after", "kill_grace"},
    Synonym{"kill_timeout", "kill_grace"},
    Synonym{"stop_grace_period", "kill_grace"},
    Synonym{"stop_signal", "kill_signal"},
    Synonym{"signal_on_stop", "kill_signal"},
    Synonym{"concurrencyPolicy", "concurrency_policy"},
    Synonym{"concurrency", "concurrency_policy"},
    Synonym{"overlap", "concurrency_policy"},
    Synonym{"overlap_policy", "concurrency_policy"},
    Synonym{"no_overlap", "concurrency_policy"},
    Synonym{"startingDeadlineSeconds", "starting_deadline"},
    Synonym{"catchup_window", "starting_deadline"},
    Synonym{"misfire_grace_time", "starting_deadline"},
    Synonym{"onMissed", "on_missed"},
    Synonym{"catchup", "on_missed"},
    Synonym{"persistent", "on_missed"},
    Synonym{"suspend", "enabled"},
    Synonym{"disabled", "enabled"},
    Synonym{"paused", "enabled"},
    Synonym{"env", "environment"},
    Synonym{"env_vars", "environment"},
    Synonym{"cwd", "working_dir"},
    Synonym{"dir", "working_dir"},
    Synonym{"workdir", "working_dir"},
    Synonym{"chdir", "working_dir"},
    Synonym{"working_directory", "working_dir"},
    Synonym{"cmd", "command"},
    Synonym{"run", "command"},
    Synonym{"script", "command"},
    Synonym{"exec", "command"},
    Synonym{"args", "command"},
    Synonym{"cron", "schedule"},
    Synonym{"any_of", "schedule"},
    Synonym{"calendar", "holidays"},
    Synonym{"anchor", "from"},
    Synonym{"phase", "from"},
    Synonym{"start", "active"},
    Synonym{"end", "active"},
    Synonym{"until", "active"},
    Synonym{"expires_at", "active"},
    Synonym{"exclude", "except"},
    Synonym{"blackout", "except"},
    Synonym{"dialect", "cron_dialect"},
    Synonym{"exclude_weekdays", "weekdays"},
    Synonym{"days", "dates"},
    Synonym{"crontab", "schedule"},
    Synonym{"interval", "every"},
    Synonym{"in", "after"},
    Synonym{"delay", "after"},
    Synonym{"retry", "retries"},
    Synonym{"max_retries", "retries"},
    Synonym{"retry_policy", "retries"},
    Synonym{"backoffLimit", "retries"},
    Synonym{"maximumRetries", "limit"},
    Synonym{"max_attempts", "limit"},
    Synonym{"initialDelay", "delay"},
    Synonym{"interval_sec", "delay"},
    Synonym{"maximumDelay", "max_delay"},
    Synonym{"max_interval_sec", "max_delay"},
    Synonym{"backoffMultiplier", "backoff"},
    Synonym{"success_codes", "success_exit_codes"},
    Synonym{"exit_codes", "success_exit_codes"},
    Synonym{"rlimits", "limits"},
    Synonym{"ulimits", "limits"},
    Synonym{"memory", "as"},
    Synonym{"file_size", "fsize"},
    Synonym{"processes", "nproc"},
    Synonym{"tasks", "jobs"},
    Synonym{"port", "metrics"},
    Synonym{"prometheus", "metrics"},
    Synonym{"listen", "metrics"},
    Synonym{"logging", "log"},
    Synonym{"pool", "threads"},
    Synonym{"pool", "group"},
    Synonym{"weight", "group"},
    Synonym{"priority", "group"},
    Synonym{"concurrency_group", "group"},
    Synonym{"concurrency_groups", "groups"},
    Synonym{"queues", "groups"},
    Synonym{"pools", "groups"},
    Synonym{"limit", "max_concurrency"},
    Synonym{"concurrency", "max_concurrency"},
    Synonym{"max_running", "max_concurrency"},
    Synonym{"rate_limit", "rate"},
    Synonym{"period", "per"},
    Synonym{"interval", "per"},
    Synonym{"maxInstances", "max_instances"},
    Synonym{"max_running_jobs", "max_instances"},
    Synonym{"max_active_runs", "max_instances"},
    Synonym{"dependsOn", "depends_on"},
    Synonym{"depends", "depends_on"},
    Synonym{"needs", "depends_on"},
    Synonym{"requires", "depends_on"},
    Synonym{"parent_job", "depends_on"},
    Synonym{"preconditions", "precondition"},
    Synonym{"condition", "precondition"},
    Synonym{"only_if", "precondition"},
    Synonym{"load", "load_below"},
    Synonym{"lavg", "load_below"},
    Synonym{"disk", "free_disk"},
    Synonym{"memory", "free_memory"},
    Synonym{"size", "at_least"},
    Synonym{"circuitBreaker", "circuit_breaker"},
    Synonym{"breaker", "circuit_breaker"},
    Synonym{"pause_on_failure", "circuit_breaker"},
    Synonym{"max_failures", "failures"},
    Synonym{"onlyIfLastSucceeded", "only_if_last_succeeded"},
    Synonym{"depends_on_past", "only_if_last_succeeded"},
    Synonym{"delivery", "guarantee"},
    Synonym{"catchup_budget", "catchup"},
    Synonym{"workers", "threads"},
    Synonym{"deadline", "late_after"},
    Synonym{"max_duration", "max_runtime"},
    Synonym{"max_age", "max_time_since_success"},
    Synonym{"notifications", "notify"},
    Synonym{"alerts", "notify"},
    Synonym{"healthcheck", "ping"},
    Synonym{"onFailure", "on_failure"},
    Synonym{"onSuccess", "on_success"},
    Synonym{"onPermanentFailure", "on_give_up"},
    Synonym{"traces", "tracing"},
    Synonym{"otel", "tracing"},
    Synonym{"otlp", "tracing"},
    Synonym{"opentelemetry", "tracing"},
    Synonym{"url", "endpoint"},
    Synonym{"url_file", "endpoint_file"},
    Synonym{"service", "service_name"},
};

// Keys that people look for and that this version does not have.
constexpr std::array<std::string_view, 9> missing_keys{"user",    "watch",   "jitter",  "splay",  "env_file",
                                                       "secrets", "include", "sandbox", "on_boot"};

}  // namespace

std::string hint_for_unknown_key(const Section& section, std::string_view name) {
  const auto* const synonym = std::ranges::find_if(
      synonyms, [&](const Synonym& each) { return each.theirs == name && find_key(section, each.ours) != nullptr; });
  if (synonym != synonyms.end()) return "did you mean " + in_quotes(synonym->ours) + "?";
  if (std::ranges::find(missing_keys, name) != missing_keys.end()) return "this version of belfry does not have it yet";
  std::vector<std::string_view> names;
  for (const auto& key : section.keys) names.push_back(key.name);
  auto hint = time::did_you_mean(name, names);
  if (!hint.empty() || &section != &top_section) return hint;
  if (find_key(job_section, name) != nullptr) return in_quotes(name) + " belongs into a job, or into \"defaults\"";
  return "keys for anchors of your own begin with \"x-\"";
}

}  // namespace belfry::daemon
