#include "observe/job_series.hpp"

#include <algorithm>
#include <utility>

#include "observe/family.hpp"

namespace belfry::observe {

namespace {

static_assert(std::to_underlying(ledger::Outcome::lost) + 1 == kOutcomes);
static_assert(std::to_underlying(ledger::RunTrigger::watch) + 1 == kTriggers);
static_assert(std::to_underlying(ledger::SlotResult::coalesced) + 1 == kSlotResults);
static_assert(std::to_underlying(ledger::SlotReason::in_doubt) + 1 == kSlotReasons);

bool is_failure(ledger::Outcome outcome) noexcept {
  return outcome != ledger::Outcome::success && outcome != ledger::Outcome::cancelled;
}

}  // namespace

std::string_view to_string(StartPhase phase) noexcept {
  switch (phase) {
    case StartPhase::admission:
      return "admission";
    case StartPhase::queue:
      return "queue";
    case StartPhase::precondition:
      return "precondition";
    case StartPhase::ledger:
      return "ledger";
    case StartPhase::launch:
      return "launch";
  }
  return "admission";
}

std::optional<double> InstantCell::get() const noexcept {
  const std::int64_t ns = ns_.get();
  if (ns == kUnknown) return std::nullopt;
  return seconds(std::chrono::nanoseconds(ns));
}

void JobSeries::seed(const ledger::JobTotals& totals) {
  for (const auto& [outcome, trigger, count] : totals.runs) {
    runs[std::to_underlying(outcome)][std::to_underlying(trigger)].add(count);
  }
  for (const auto& [result, reason, count] : totals.slots) {
    slots[std::to_underlying(result)][std::to_underlying(reason)].add(count);
  }
  retries.add(totals.retries);
  consecutive_failures.set(totals.consecutive_failures);
  last_due.set(totals.last_slot);
  last_start.set(totals.last_start);
  last_success.set(totals.last_success);
  last_failure.set(totals.last_failure);
  if (totals.last_duration) last_duration_seconds.set(std::max(0.0, seconds(*totals.last_duration)));
  if (totals.last_outcome) last_run_succeeded.set(*totals.last_outcome == ledger::Outcome::success ? 1 : 0);
}

void JobSeries::on(const ledger::SlotClosed& slot) {
  slots[std::to_underlying(slot.result)][std::to_underlying(slot.reason)].add(slot.count);
  last_due.raise(slot.last_scheduled_at);  // slots that waited end out of their order
}

void JobSeries::on(const ledger::RunStarted& run) {
  under_way_.emplace(run.run, run.started_at);
  last_start.set(run.started_at);
  note_running();
}

void JobSeries::note_delay(const ledger::RunStarted& run) {
  if (!run.scheduled_at || run.trigger == ledger::RunTrigger::recovery) return;
  const auto add = [this](StartPhase phase, ledger::Duration span) {
    start_phases[std::to_underlying(phase)].add(std::max(0.0, seconds(span)));
  };
  // A slot that is made up for was due when nobody was there: belfry is not late by that.
  const bool missed = run.trigger == ledger::RunTrigger::catchup;
  if (!missed) add(StartPhase::admission, run.started_at - *run.scheduled_at - run.waits.sum());
  add(StartPhase::queue, run.waits.queue);
  add(StartPhase::precondition, run.waits.precondition);
  add(StartPhase::ledger, run.waits.ledger);
}

void JobSeries::on(const engine::AttemptStarted& attempt) {
  if (attempt.queue_wait) queue_wait.observe(seconds(*attempt.queue_wait));
  if (attempt.start_delay) start_delay.observe(std::max(0.0, seconds(*attempt.start_delay)));
}

void JobSeries::on(const ledger::StepEnded& step) {
  steps[step.outcome ? std::to_underlying(*step.outcome) : kOutcomes].add(1);
}

void JobSeries::on(const ledger::AttemptEnded& attempt) {
  orphans.add(static_cast<std::uint64_t>(attempt.orphans));
  output_bytes[0].add(attempt.standard_output.total_bytes);
  output_bytes[1].add(attempt.standard_error.total_bytes);
  output_dropped_bytes.add(attempt.standard_output.dropped_bytes + attempt.standard_error.dropped_bytes);
  user_cpu_seconds.add(seconds(attempt.usage.user_cpu));
  system_cpu_seconds.add(seconds(attempt.usage.system_cpu));
  io_bytes[0].add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, attempt.usage.read_bytes)));
  io_bytes[1].add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, attempt.usage.written_bytes)));
  max_rss_bytes.set(attempt.usage.max_rss_bytes);
  if (attempt.launch) start_phases[std::to_underlying(StartPhase::launch)].add(seconds(*attempt.launch));
}

void JobSeries::on(const ledger::RunEnded& run) {
  runs[std::to_underlying(run.outcome)][std::to_underlying(run.trigger)].add(1);
  if (run.outcome == ledger::Outcome::success) {
    consecutive_failures.set(0);
    last_success.set(run.ended_at);
  } else if (is_failure(run.outcome)) {
    consecutive_failures.add(1);
    last_failure.set(run.ended_at);
  }
  last_run_succeeded.set(run.outcome == ledger::Outcome::success ? 1 : 0);
  last_exit_code.set(run.exit_code.value_or(-1));
  if (run.signal && std::cmp_less(*run.signal, kSignals)) signals[static_cast<std::size_t>(*run.signal)].add(1);
  if (under_way_.erase(run.run) > 0) {  // not a run of the last daemon: its duration is known
    const double took = std::max(0.0, seconds(run.ended_at - run.started_at));
    last_duration_seconds.set(took);
    const std::size_t bucket = duration.observe(took);
    duration_exemplars[bucket].set({.run = run.run, .value = took, .at = timestamp(run.ended_at)});
  }
  note_running();
}

void JobSeries::on(const engine::SlaBreached& breach) {
  sla_breaches[std::to_underlying(breach.check)].add(1);
  sla_breached[std::to_underlying(breach.check)].set(true);
}

void JobSeries::on(const engine::SlaMet& met) { sla_breached[std::to_underlying(met.check)].set(false); }

void JobSeries::note_running() {
  running.set(under_way_.size());
  std::optional<engine::WallTime> oldest;
  for (const auto& [run, started_at] : under_way_) oldest = std::min(oldest.value_or(started_at), started_at);
  oldest_start.set(oldest);
}

}  // namespace belfry::observe
