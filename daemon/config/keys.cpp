#include "daemon/config/keys.hpp"

#include <algorithm>
#include <array>

namespace belfry::daemon {
namespace {

constexpr auto job_only = KeyUse::job;

constexpr std::array top_keys{
    Key{"version", "1", "1", "the version of this format"},
    Key{"jobs", "a map by name, or a list", "", "the jobs; see below"},
    Key{"defaults", "a map", "", "keys that every job has unless it sets them itself"},
    Key{"timezone", "a time zone", "the machine's", "the zone of every job that names none"},
    Key{"calendars", "a map by name", "", "days off, for the key holidays of jobs"},
    Key{"groups", "a map by name", "", "limits and rates that jobs share, for the key group of jobs"},
    Key{"catchup", "a map", "", "how fast missed slots are made up for"},
    Key{"plugins", "a path or a list", "", "shared objects with functions for native jobs; see plugins.md"},
    Key{"state_dir", "a path", "/var/lib/belfry", "the folder of the ledger; created if missing; option --state-dir"},
    Key{"socket", "a path", "belfry.sock in state_dir", "the control socket for the client; option --socket"},
    Key{"metrics", "ADDRESS:PORT or off", "127.0.0.1:9640", "where Prometheus scrapes; option --metrics"},
    Key{"log", "a map", "", "what is logged, and how"},
    Key{"shutdown_timeout", "a duration", "30s", "how long running jobs may take to finish when the daemon stops"},
    Key{"threads", "1 to 256", "4", "threads for file and native jobs"},
    Key{"watch_config", "true or false", "true",
        "whether a change of this file, or of a file that it is made of, is a reload"},
    Key{"history", "a map", "", "how much of the past the ledger keeps"},
    Key{"store", "a map", "", "how the ledger is kept"},
    Key{"notify", "a map by name", "", "channels, for the key notify of jobs"},
    Key{"ping", "a map", "", "what belfryd pings while it is alive"},
    Key{"tracing", "a map", "", "where a trace of each run is sent"},
};

constexpr std::array log_keys{
    Key{"level", "debug, info, warning or error", "info", "the least important messages that are logged"},
    Key{"format", "auto, text, json or journal", "auto",
        "text on a terminal, the journal's own fields under systemd, else JSON lines"},
};

constexpr std::array history_keys{
    Key{"keep_for", "a duration", "90d", "nothing is kept longer than this"},
    Key{"keep_runs", "1 to 1000000", "1000", "runs of each job, with their attempts"},
    Key{"keep_slots", "1 to 1000000", "1000", "entries about slots of each job"},
    Key{"keep_outputs", "1 to 1000000", "200", "outputs of each job"},
    Key{"keep_output_size", "a size from 1M", "64M",
        "of all outputs of each job; its newest output stays, whatever its size"},
    Key{"keep_total_output_size", "a size from 1M", "1G",
        "of all outputs of all jobs; the job that keeps most gives first"},
};

constexpr std::array store_keys{
    Key{"durability", "full or normal", "full",
        "full: what is on record outlasts a power cut; normal: commits do not wait for the disk"},
};

constexpr std::array calendar_keys{
    Key{"ics", "a path or a list", "", "the all-day events of iCalendar files are days off"},
    Key{"dates", "a date or a list", "", "days off: 2026-12-24, 2026-12-24..2027-01-06, or every year 12-25"},
    Key{"weekdays", "a weekday or a list", "", "days off in every week: sat, or mon-fri"},
};

constexpr std::array group_keys{
    Key{"max_concurrency", "1 to 10000", "without limit", "how many runs of its jobs may be under way, by weight"},
    Key{"on_full", "queue or skip", "queue", "what happens to a slot that does not fit: it waits, or it is skipped"},
    Key{"queue_limit", "0 to 100000", "100", "how many slots may wait; one more is skipped"},
    Key{"rate", "COUNT/DURATION, or a map", "without limit", "how many runs may start in a time: 10/1m"},
};

constexpr std::array rate_keys{
    Key{"count", "1 to 1000000", "", "so many starts"},
    Key{"per", "a duration from 1s to 365d", "1m", "in this time, on average, evenly spread"},
    Key{"burst", "1 to 1000000", "1", "after a pause, so many at once"},
};

constexpr std::array catchup_keys{
    Key{"starts_per_minute", "1 to 100000", "60", "so many missed slots of all jobs start in a minute"},
};

constexpr std::array active_keys{
    Key{"from", "a time", "", "not due before it"},
    Key{"until", "a time", "", "not due after it; a date alone is the whole day"},
};

constexpr std::array job_keys{
    Key{"name", "a job name", "", "only in the list form: the name of the job", job_only},
    Key{"description", "text", "", "what the job is for; shown by the client", job_only},
    Key{"enabled", "true or false", "true", "false: no slot is planned; it can still be started by hand"},
    Key{"schedule", "a cron or calendar expression, or a list", "",
        "cron with 5 fields, or 6 with seconds in front; @daily; or as systemd writes it; of a list, any", job_only},
    Key{"all_of", "a list of expressions", "", "due when all of these are at once", job_only},
    Key{"every", "a duration, or months and years", "", "due at this interval", job_only},
    Key{"from", "a time", "1970-01-01", "what every and nth count from", job_only},
    Key{"at", "a time", "", "due once, at this time", job_only},
    Key{"after", "a duration", "", "due once, this long after the daemon started", job_only},
    Key{"watch", "a path, a list, or a map", "", "due when such files appear or change", job_only},
    Key{"nth", "1 to 1000", "1", "only every nth time of the schedule, the first one at or after from", job_only},
    Key{"except", "a date, a weekday, an expression, or a list", "", "what is left out of it", job_only},
    Key{"active", "a map", "", "the span in which it is due", job_only},
    Key{"timezone", "a time zone", "the top-level timezone", "the zone of schedule, at, and times without one"},
    Key{"cron_dialect", "ocps, vixie, cronie, seconds, year_last, quartz or jenkins", "ocps",
        "how cron expressions are read"},
    Key{"dst_gap", "run_after, skip or shift", "run_after", "times that are skipped when the clock is set forward"},
    Key{"dst_overlap", "first, second or both", "first", "times that come twice when the clock is set back"},
    Key{"holidays", "a calendar, a list, or none", "", "the calendars whose days are off"},
    Key{"on_holiday", "skip, before, after or run", "skip", "what happens to a slot on a day off"},
    Key{"command", "text or a list", "", "the program: text is run by the shell, a list is run as it is", job_only},
    Key{"script", "text", "", "a program as text, which an interpreter reads", job_only},
    Key{"interpreter", "a path or a list", "by the script's first line, else shell", "who reads the script", job_only},
    Key{"flow", "a list of steps, or a map", "", "steps that need each other; docs/flows.md", job_only},
    Key{"shell", "a path", "/bin/sh", "the shell of a command that is text"},
    Key{"working_dir", "a path", "the folder of this file", "where it runs; relative to the folder of this file"},
    Key{"environment", "a map, or a list of NAME=value", "",
        "variables added to the daemon's; those of defaults are kept"},
    Key{"env_file", "a path, a map, a list, or none", "", "files of variables, read when a run starts"},
    Key{"secrets", "a map or none", "", "files that only the program can read; a variable of each tells where"},
    Key{"clear_environment", "true or false", "false", "true: nothing is inherited from the daemon but PATH"},
    Key{"stdin", "text or a map", "", "what the program reads; without it, nothing", job_only},
    Key{"user", "a user, a map, or none", "the daemon's", "whom it runs as, if not as belfryd; belfryd must be root"},
    Key{"umask", "octal digits", "the daemon's", "permissions that new files do not get, such as 0027"},
    Key{"nice", "-20 to 19, or none", "the daemon's", "the CPU priority; higher is more modest"},
    Key{"ionice", "a class, a map, or none", "by nice", "the priority at the disk"},
    Key{"cpu_affinity", "CPUs such as 0-3,6, or none", "the daemon's", "the CPUs that it may use"},
    Key{"oom_score_adj", "-1000 to 1000, or none", "the daemon's", "higher: ended sooner when the memory runs out"},
    Key{"sandbox", "a map or none", "", "what it may not do, and does not see"},
    Key{"limits", "a map", "", "resource limits of the program (setrlimit)"},
    Key{"cgroup", "a map or none", "", "what all its processes may use together (cgroup v2)"},
    Key{"timeout", "a duration or none", "none", "how long one attempt may take before it is ended"},
    Key{"kill_mode", "tree, cgroup, mixed, group or process", "tree",
        "who is ended with the program, and lives no longer than it"},
    Key{"kill_signal", "a signal", "TERM", "the signal that ends the program and its children first"},
    Key{"kill_grace", "a duration", "10s", "how long after it KILL follows"},
    Key{"retries", "0 to 1000, or a map", "0", "how often and when a failed attempt is tried again"},
    Key{"success_exit_codes", "a list of 0 to 255", "[0]", "the exit codes that count as success"},
    Key{"fails_when", "a map or none", "", "what in its output makes a run a failure whose exit code is a success"},
    Key{"concurrency_policy", "forbid, allow, queue, replace or cancel_other", "forbid",
        "what happens to a slot while a run is going on"},
    Key{"max_instances", "1 to 10000", "1", "how many runs may be going on before concurrency_policy applies"},
    Key{"queue_limit", "1 to 1000", "10", "how many slots may wait when concurrency_policy is queue"},
    Key{"group", "a name, a map, or none", "", "the group that it shares a limit or a rate with"},
    Key{"depends_on", "a job, a list, or a map", "", "the jobs that must have ended before", job_only},
    Key{"precondition", "a map or none", "", "what must hold before a run starts; else the slot is skipped"},
    Key{"circuit_breaker", "a map or none", "", "when it is not started for a while, because it keeps failing"},
    Key{"only_if_last_succeeded", "true or false", "false", "true: after a failed run, slots are skipped"},
    Key{"guarantee", "at_most_once or at_least_once", "at_most_once",
        "what becomes of a run when the daemon or the machine dies: it is lost, or started once more"},
    Key{"on_missed", "skip, run_once or run_all", "skip",
        "what happens to slots that passed while the daemon was down or the machine slept"},
    Key{"catchup_limit", "1 to 100000", "100", "how many of them run when on_missed is run_all, the newest ones"},
    Key{"starting_deadline", "a duration or none", "none", "a slot that cannot start within this time is skipped"},
    Key{"sla", "a map or none", "", "what is expected of the job; told when it is breached, see the section sla"},
    Key{"output", "a map", "", "how much of what the program prints is kept"},
    Key{"notify", "a map or none", "", "which channels are told of what"},
    Key{"ping", "a map or none", "", "what is pinged when a run starts and ends"},
};

constexpr std::array retries_keys{
    Key{"limit", "0 to 1000", "3", "attempts after the first"},
    Key{"delay", "a duration", "10s", "the wait before the first retry"},
    Key{"max_delay", "a duration", "5m", "no wait is longer than this"},
    Key{"backoff", "1 to 100", "2", "each wait is this many times as long as the one before"},
    Key{"jitter", "0 to 1", "0", "each wait is made longer or shorter by up to this share at random"},
    Key{"on_timeout", "true or false", "true", "whether an attempt that timed out is tried again"},
    Key{"on_exit_codes", "a list of 1 to 255", "all", "only these exit codes are tried again"},
    Key{"on", "a list of failure, timeout, killed, start_error", "all", "only these kinds of failure are tried again"},
};

constexpr std::array group_use_keys{
    Key{"name", "the name of a group", "", "one of groups"},
    Key{"weight", "1 to 1000", "1", "how much of max_concurrency a run takes"},
    Key{"priority", "-100 to 100", "0",
        "of those that wait, the highest goes first, then the one that has waited longest"},
};

constexpr std::array precondition_keys{
    Key{"command", "text or a list", "", "exits with 0; runs as the command of a job does"},
    Key{"timeout", "a duration", "30s", "an answer that takes longer is a no"},
    Key{"load_below", "0.01 to 10000", "", "the load average of the last minute is below it"},
    Key{"load_per_cpu_below", "0.01 to 10000", "", "the same, divided by the number of CPUs"},
    Key{"free_disk", "a map", "", "a file system has room"},
    Key{"free_memory", "a size", "", "so much memory is available (MemAvailable in /proc/meminfo)"},
};

constexpr std::array free_disk_keys{
    Key{"path", "a path", "", "anything on the file system; relative to the folder of this file"},
    Key{"at_least", "a size", "", "free for ordinary users"},
};

constexpr std::array circuit_breaker_keys{
    Key{"failures", "1 to 10000", "5", "opens after so many failed runs in a row; with ratio, not before so many runs"},
    Key{"ratio", "0.01 to 1", "", "opens when this share of the runs in the window failed"},
    Key{"window", "a duration", "1h", "runs that ended longer ago are forgotten"},
    Key{"cooldown", "a duration", "30m", "how long it stays open before one run tries again"},
};

}  // namespace

constinit const Section top_section{"top level", top_keys};
constinit const Section log_section{"log", log_keys};
constinit const Section history_section{"history", history_keys};
constinit const Section store_section{"store", store_keys};
constinit const Section calendar_section{"calendar", calendar_keys};
constinit const Section job_section{"job", job_keys};
constinit const Section group_section{"group", group_keys};
constinit const Section rate_section{"rate", rate_keys};
constinit const Section catchup_section{"catchup", catchup_keys};
constinit const Section active_section{"active", active_keys};
constinit const Section retries_section{"retries", retries_keys};
constinit const Section group_use_section{"group_use", group_use_keys};
constinit const Section precondition_section{"precondition", precondition_keys};
constinit const Section free_disk_section{"free_disk", free_disk_keys};
constinit const Section circuit_breaker_section{"circuit_breaker", circuit_breaker_keys};

std::span<const Section* const> all_sections() {
  static constexpr std::array sections{
      &top_section,         &log_section,         &history_section,      &store_section,      &calendar_section,
      &group_section,       &rate_section,        &catchup_section,      &job_section,        &active_section,
      &retries_section,     &group_use_section,   &precondition_section, &free_disk_section,  &circuit_breaker_section,
      &sla_section,         &limits_section,      &cgroup_section,       &output_section,     &stdin_section,
      &user_section,        &env_file_section,    &ionice_section,       &flow_section,       &step_section,
      &step_output_section, &approval_section,    &sandbox_section,      &channel_section,    &webhook_section,
      &mail_section,        &smtp_section,        &exec_section,         &secret_section,     &notify_section,
      &ping_section,        &daemon_ping_section, &tracing_section,      &fails_when_section, &job_secret_section,
      &watch_section};
  return sections;
}

const Key* find_key(const Section& section, std::string_view name) noexcept {
  const auto found = std::ranges::find(section.keys, name, &Key::name);
  return found == section.keys.end() ? nullptr : &*found;
}

}  // namespace belfry::daemon
