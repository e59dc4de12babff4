#include "observe/job_collector.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "observe/family.hpp"

namespace belfry::observe {

namespace {

using ledger::Outcome;
using ledger::RunTrigger;
using ledger::SlotReason;
using ledger::SlotResult;

/// A figure with no label but the job's name; none: no sample, since a made-up value would mislead an alert.
struct Figure {
  const char* name;
  const char* help;
  std::optional<double> (*read)(const JobEntry&);
};

double count_in(const auto& cell) { return static_cast<double>(cell.get()); }

std::optional<double> unless_negative(double value) { return value < 0 ? std::nullopt : std::optional(value); }

constexpr auto kGauges = std::to_array<Figure>({
    {"belfry_job_running", "Runs of the job under way.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->running)); }},
    {"belfry_job_queued", "Slots of the job that wait for the run before them.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->queued)); }},
    {"belfry_job_approvals_waiting", "Steps of the job that wait for a person's approval; only of flows.",
     [](const JobEntry& e) {
       const bool flow = e.job && e.job->action && e.job->action->kind() == "flow";
       return flow ? std::optional(count_in(e.series->approvals_waiting)) : std::nullopt;
     }},
    {"belfry_job_paused", "1 while the job is paused by hand.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->paused)); }},
    {"belfry_job_consecutive_failures", "Runs in a row that ended in neither success nor cancelled.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->consecutive_failures)); }},
    {"belfry_job_next_run_timestamp_seconds", "The next due instant of the job; absent when there is none.",
     [](const JobEntry& e) { return e.series->next_run.get(); }},
    {"belfry_job_last_due_timestamp_seconds", "The newest due instant that was decided upon.",
     [](const JobEntry& e) { return e.series->last_due.get(); }},
    {"belfry_job_last_start_timestamp_seconds", "When the newest run started.",
     [](const JobEntry& e) { return e.series->last_start.get(); }},
    {"belfry_job_last_success_timestamp_seconds", "When a run last ended in success.",
     [](const JobEntry& e) { return e.series->last_success.get(); }},
    {"belfry_job_last_failure_timestamp_seconds", "When a run last ended in neither success nor cancelled.",
     [](const JobEntry& e) { return e.series->last_failure.get(); }},
    {"belfry_job_last_duration_seconds", "How long the run that ended last took, retries included.",
     [](const JobEntry& e) { return unless_negative(e.series->last_duration_seconds.get()); }},
    {"belfry_job_last_exit_code", "The exit code of the run that ended last; absent when it had none.",
     [](const JobEntry& e) { return unless_negative(count_in(e.series->last_exit_code)); }},
    {"belfry_job_last_success", "1 when the run that ended last was a success, 0 when not.",
     [](const JobEntry& e) { return unless_negative(count_in(e.series->last_run_succeeded)); }},
    {"belfry_job_max_rss_bytes", "Largest resident set of a process of the attempt that ended last.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->max_rss_bytes)); }},
});

constexpr auto kCounters = std::to_array<Figure>({
    {"belfry_job_retries_total", "Attempts after the first of their run.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->retries)); }},
    {"belfry_job_orphan_processes_total", "Processes that outlived their attempt and had to be swept up.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->orphans)); }},
    {"belfry_job_output_dropped_bytes_total", "Output that was printed and not kept.",
     [](const JobEntry& e) { return std::optional(count_in(e.series->output_dropped_bytes)); }},
});

void collect_figures(const JobEntries& jobs, FamilySink& out) {
  const auto collect = [&](FamilyBuilder family, const Figure& figure) {
    family.reserve(jobs.size());
    for (const JobEntry& entry : jobs) {
      if (const auto value = figure.read(entry)) family.add({{"job_name", entry.name}}, *value);
    }
    family.move_to(out);
  };
  for (const Figure& figure : kGauges) collect(FamilyBuilder::gauge(figure.name, figure.help), figure);
  for (const Figure& figure : kCounters) collect(FamilyBuilder::counter(figure.name, figure.help), figure);
}

/// Whether the job can be started that way: only such series are filled with zeros.
bool can_occur(const JobEntry& entry, RunTrigger trigger) {
  if (!entry.job) return trigger == RunTrigger::schedule;
  switch (trigger) {
    case RunTrigger::manual:
      return true;
    case RunTrigger::schedule:
      return entry.job->trigger != nullptr;
    case RunTrigger::catchup:
      return entry.job->trigger && entry.job->on_missed != engine::OnMissed::skip;
    case RunTrigger::recovery:
      return entry.job->guarantee == engine::Guarantee::at_least_once;
    case RunTrigger::dependency:
      return entry.job->is_driven();
    case RunTrigger::watch:
      return entry.job->watch != nullptr;
  }
  return false;
}

void collect_runs(const JobEntries& jobs, FamilySink& out) {
  auto family =
      FamilyBuilder::counter("belfry_job_runs_total", "Runs that ended, by outcome and by what started them.");
  for (const JobEntry& entry : jobs) {
    for (std::size_t trigger = 0; trigger < kTriggers; ++trigger) {
      const auto why = static_cast<RunTrigger>(trigger);
      for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
        const std::uint64_t count = entry.series->runs[outcome][trigger].get();
        if (count == 0 && !can_occur(entry, why)) continue;
        family.add({{"job_name", entry.name},
                    {"outcome", to_string(static_cast<Outcome>(outcome))},
                    {"trigger", to_string(why)}},
                   static_cast<double>(count));
      }
    }
  }
  family.move_to(out);
}

void collect_slots(const JobEntries& jobs, FamilySink& out) {
  auto family = FamilyBuilder::counter("belfry_job_slots_total", "Due instants by what became of them.");
  for (const JobEntry& entry : jobs) {
    for (std::size_t result = 0; result < kSlotResults; ++result) {
      std::uint64_t count = 0;
      for (const auto& cell : entry.series->slots[result]) count += cell.get();
      family.add({{"job_name", entry.name}, {"result", to_string(static_cast<SlotResult>(result))}},
                 static_cast<double>(count));
    }
  }
  family.move_to(out);
}

constexpr std::array kSkipReasons{SlotReason::overlap,     SlotReason::paused,       SlotReason::deadline,
                                  SlotReason::shutdown,    SlotReason::cancelled,    SlotReason::reloaded,
                                  SlotReason::holiday,     SlotReason::group,        SlotReason::rate,
                                  SlotReason::breaker,     SlotReason::precondition, SlotReason::dependency,
                                  SlotReason::last_failed, SlotReason::replaced};
constexpr std::array kMissReasons{SlotReason::down,     SlotReason::suspend,       SlotReason::clock_jump,
                                  SlotReason::overload, SlotReason::catchup_limit, SlotReason::in_doubt};

void collect_reasons(const JobEntries& jobs, FamilyBuilder family, SlotResult result,
                     std::span<const SlotReason> reasons, FamilySink& out) {
  for (const JobEntry& entry : jobs) {
    for (const SlotReason reason : reasons) {
      const auto& cell = entry.series->slots[std::to_underlying(result)][std::to_underlying(reason)];
      family.add({{"job_name", entry.name}, {"reason", to_string(reason)}}, count_in(cell));
    }
  }
  family.move_to(out);
}

template <const auto& Bounds>
void add_sample(FamilyBuilder& family, const std::string& job, const HistogramCells<Bounds>& histogram) {
  std::array<std::uint64_t, HistogramCells<Bounds>::kBuckets> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = histogram.count(i);
  family.add({{"job_name", job}}, Bounds, counts, histogram.sum());
}

template <const auto& Bounds>
void collect_histogram(const JobEntries& jobs, FamilyBuilder family, HistogramCells<Bounds> JobSeries::* member,
                       FamilySink& out) {
  family.reserve(jobs.size());
  for (const JobEntry& entry : jobs) add_sample(family, entry.name, (*entry.series).*member);
  family.move_to(out);
}

/// Each bucket with its newest run.
void collect_durations(const JobEntries& jobs, FamilySink& out) {
  auto family = FamilyBuilder::histogram("belfry_job_duration_seconds", "How long runs took.");
  family.reserve(jobs.size());
  for (const JobEntry& entry : jobs) {
    const auto& exemplars = entry.series->duration_exemplars;
    add_sample(family, entry.name, entry.series->duration);
    for (std::size_t i = 0; i < exemplars.size(); ++i) {
      if (const auto exemplar = exemplars[i].get()) family.exemplify(i, *exemplar);
    }
  }
  family.move_to(out);
}

void collect_usage(const JobEntries& jobs, FamilySink& out) {
  auto output = FamilyBuilder::counter("belfry_job_output_bytes_total", "Bytes that the job's attempts printed.");
  auto cpu = FamilyBuilder::counter("belfry_job_cpu_seconds_total", "Processor time of the job's processes.");
  auto io =
      FamilyBuilder::counter("belfry_job_io_bytes_total", "Bytes that the job's processes moved from and to disks.");
  for (const JobEntry& entry : jobs) {
    output.add({{"job_name", entry.name}, {"stream", "stdout"}}, count_in(entry.series->output_bytes[0]));
    output.add({{"job_name", entry.name}, {"stream", "stderr"}}, count_in(entry.series->output_bytes[1]));
    cpu.add({{"job_name", entry.name}, {"mode", "user"}}, entry.series->user_cpu_seconds.get());
    cpu.add({{"job_name", entry.name}, {"mode", "system"}}, entry.series->system_cpu_seconds.get());
    io.add({{"job_name", entry.name}, {"direction", "read"}}, count_in(entry.series->io_bytes[0]));
    io.add({{"job_name", entry.name}, {"direction", "written"}}, count_in(entry.series->io_bytes[1]));
  }
  output.move_to(out);
  cpu.move_to(out);
  io.move_to(out);
}

/// Only of jobs that have steps.
void collect_steps(const JobEntries& jobs, FamilySink& out) {
  auto family = FamilyBuilder::counter(
      "belfry_job_steps_total", "Tries of the steps of flows that ended, and steps that were skipped, by outcome.");
  for (const JobEntry& entry : jobs) {
    if (!entry.job || !entry.job->action || entry.job->action->kind() != "flow") continue;
    for (std::size_t outcome = 0; outcome <= kOutcomes; ++outcome) {
      const std::string_view name = outcome == kOutcomes ? "skipped" : to_string(static_cast<Outcome>(outcome));
      family.add({{"job_name", entry.name}, {"outcome", name}}, count_in(entry.series->steps[outcome]));
    }
  }
  family.move_to(out);
}

/// Filled with zeros only for the two that belfry sends itself: there are 64.
void collect_signals(const JobEntries& jobs, FamilySink& out) {
  auto family = FamilyBuilder::counter("belfry_job_signals_total", "Runs that a signal ended, by signal.");
  for (const JobEntry& entry : jobs) {
    for (std::size_t signal = 1; signal < kSignals; ++signal) {
      const std::uint64_t count = entry.series->signals[signal].get();
      if (count == 0 && signal != SIGTERM && signal != SIGKILL) continue;
      const char* const name = ::sigabbrev_np(static_cast<int>(signal));
      const std::string text = name != nullptr ? "SIG" + std::string(name) : std::to_string(signal);
      family.add({{"job_name", entry.name}, {"signal", text}}, static_cast<double>(count));
    }
  }
  family.move_to(out);
}

void collect_breakers(const JobEntries& jobs, FamilySink& out) {
  using State = engine::Breaker::State;
  auto family = FamilyBuilder::gauge("belfry_job_breaker_state",
                                     "1 for the state that the circuit breaker of the job is in, 0 for the others.");
  for (const JobEntry& entry : jobs) {
    if (!entry.job || !entry.job->breaker) continue;
    const State state = entry.series->breaker.get();
    for (const auto& [each, name] : {std::pair(State::closed, "closed"), std::pair(State::open, "open"),
                                     std::pair(State::half_open, "half_open")}) {
      family.add({{"job_name", entry.name}, {"state", name}}, state == each ? 1 : 0);
    }
  }
  family.move_to(out);
}

/// Filled with zeros for what a job can wait for.
bool can_wait(const engine::Job& job, StartPhase phase) {
  if (!job.trigger && !job.watch && job.depends_on.empty()) return phase == StartPhase::launch;
  if (phase == StartPhase::precondition) return job.precondition != nullptr;
  return phase != StartPhase::ledger || job.on_missed != engine::OnMissed::skip;
}

void collect_start_phases(const JobEntries& jobs, FamilySink& out) {
  auto family = FamilyBuilder::counter("belfry_job_start_delay_phase_seconds_total",
                                       "Where the time went between due instants and running processes.");
  for (const JobEntry& entry : jobs) {
    for (std::size_t phase = 0; phase < kStartPhases; ++phase) {
      const auto where = static_cast<StartPhase>(phase);
      const double spent = entry.series->start_phases[phase].get();
      if (spent == 0 && (!entry.job || !can_wait(*entry.job, where))) continue;
      family.add({{"job_name", entry.name}, {"phase", to_string(where)}}, spent);
    }
  }
  family.move_to(out);
}

/// Only for the checks that a job declares.
void collect_sla(const JobEntries& jobs, FamilySink& out) {
  auto breaches = FamilyBuilder::counter("belfry_job_sla_breaches_total",
                                         "How often a check of the job's sla began to fail since belfryd started.");
  auto late = FamilyBuilder::gauge("belfry_job_late", "1 while that check of the job's sla fails, 0 while it holds.");
  for (const JobEntry& entry : jobs) {
    if (!entry.job) continue;
    for (const engine::SlaCheck check : engine::all_sla_checks) {
      if (!entry.job->sla.declares(check)) continue;
      const auto index = std::to_underlying(check);
      breaches.add({{"job_name", entry.name}, {"check", to_string(check)}},
                   count_in(entry.series->sla_breaches[index]));
      late.add({{"job_name", entry.name}, {"check", to_string(check)}}, count_in(entry.series->sla_breached[index]));
    }
  }
  breaches.move_to(out);
  late.move_to(out);
}

void collect_ages(const JobEntries& jobs, engine::WallTime now, FamilySink& out) {
  auto family = FamilyBuilder::gauge("belfry_job_oldest_run_age_seconds",
                                     "For how long the oldest run under way has been running; 0 when none runs.");
  for (const JobEntry& entry : jobs) {
    const auto started = entry.series->oldest_start.get();
    family.add({{"job_name", entry.name}}, started ? std::max(0.0, timestamp(now) - *started) : 0.0);
  }
  family.move_to(out);
}

/// What is declared: one sample per configured job, and how many there are in each state.
void collect_declarations(const JobEntries& jobs, FamilySink& out) {
  auto info = FamilyBuilder::gauge("belfry_job_info", "1 for each configured job; the labels say how it is declared.");
  double enabled = 0;
  double disabled = 0;
  double paused = 0;
  for (const JobEntry& entry : jobs) {
    if (!entry.job) continue;
    info.add({{"job_name", entry.name},
              {"schedule", entry.job->schedule_text},
              {"timezone", entry.job->timezone},
              {"concurrency_policy", engine::to_string(entry.job->overlap)},
              {"group", entry.job->group ? entry.job->group->name : ""},
              {"enabled", entry.job->enabled ? "true" : "false"}},
             1);
    (!entry.job->enabled ? disabled : entry.series->paused.get() ? paused : enabled) += 1;
  }
  info.move_to(out);
  FamilyBuilder::gauge("belfry_jobs", "Configured jobs by state.")
      .add({{"state", "enabled"}}, enabled)
      .add({{"state", "disabled"}}, disabled)
      .add({{"state", "paused"}}, paused)
      .move_to(out);
}

}  // namespace

JobCollector::JobCollector(std::function<engine::WallTime()> wall_now) : wall_now_(std::move(wall_now)) {}

void JobCollector::replace(std::shared_ptr<const JobEntries> jobs) {
  const std::lock_guard lock(mutex_);
  jobs_.swap(jobs);
}

std::shared_ptr<const JobEntries> JobCollector::jobs() const {
  const std::lock_guard lock(mutex_);
  return jobs_;
}

void JobCollector::collect(FamilySink& out) const {
  const std::shared_ptr<const JobEntries> jobs = this->jobs();
  collect_declarations(*jobs, out);
  collect_runs(*jobs, out);
  collect_slots(*jobs, out);
  collect_reasons(*jobs, FamilyBuilder::counter("belfry_job_skipped_total", "Slots that admission refused, by reason."),
                  SlotResult::skipped, kSkipReasons, out);
  collect_reasons(*jobs,
                  FamilyBuilder::counter("belfry_job_missed_total", "Slots that nobody could act on, by reason."),
                  SlotResult::missed, kMissReasons, out);
  collect_durations(*jobs, out);
  collect_histogram(*jobs,
                    FamilyBuilder::histogram("belfry_job_start_delay_seconds",
                                             "From the due instant to the launch of the first attempt."),
                    &JobSeries::start_delay, out);
  collect_histogram(*jobs,
                    FamilyBuilder::histogram(
                        "belfry_job_queue_wait_seconds",
                        "How long runs waited for others before their first attempt: their turn, their group, the "
                        "catch-up budget."),
                    &JobSeries::queue_wait, out);
  collect_figures(*jobs, out);
  collect_usage(*jobs, out);
  collect_steps(*jobs, out);
  collect_signals(*jobs, out);
  collect_breakers(*jobs, out);
  collect_sla(*jobs, out);
  collect_start_phases(*jobs, out);
  collect_ages(*jobs, wall_now_(), out);
}

}  // namespace belfry::observe
