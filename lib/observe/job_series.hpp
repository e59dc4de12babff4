// All that /metrics says of one job, about two kilobytes: plain figures in cells, written by the loop's thread as
// events come, read by a scrape on another thread without a lock.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event.hpp"
#include "observe/cell.hpp"
#include "observe/exemplar.hpp"

namespace belfry::observe {

/// Sizes of the closed vocabularies of ledger/outcome.hpp; job_series.cpp asserts that they match.
inline constexpr std::size_t kOutcomes = 7;
inline constexpr std::size_t kTriggers = 6;
inline constexpr std::size_t kSlotResults = 4;
inline constexpr std::size_t kSlotReasons = 21;

/// Signals have numbers from 1 to 64.
inline constexpr std::size_t kSignals = 65;

/// Where the time between a due instant and a running process can go.
enum class StartPhase : std::uint8_t {
  admission,     ///< the loop was late to look at the slot
  queue,         ///< its turn, its group, the catch-up budget
  precondition,  ///< the answer of its precondition
  ledger,        ///< its claim was not durable
  launch,        ///< from admission until the process was there
};
inline constexpr std::size_t kStartPhases = 5;

std::string_view to_string(StartPhase phase) noexcept;

/// Bounds in seconds. Few on purpose: a histogram is two thirds of a job's samples.
inline constexpr std::array kDurationBounds{0.1, 1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0};
inline constexpr std::array kQueueWaitBounds{0.1, 1.0, 10.0, 60.0, 600.0, 3600.0};
inline constexpr std::array kStartDelayBounds{0.001, 0.005, 0.025, 0.1, 1.0, 10.0, 60.0};

/// An instant that may be unknown, in one cell.
class InstantCell {
 public:
  void set(std::optional<engine::WallTime> at) noexcept { ns_.set(at ? at->time_since_epoch().count() : kUnknown); }
  /// Only forward.
  void raise(engine::WallTime at) noexcept {
    if (at.time_since_epoch().count() > ns_.get()) set(at);
  }
  std::optional<double> get() const noexcept;  ///< Unix time in seconds

 private:
  static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();
  Cell<std::int64_t> ns_{kUnknown};
};

/// The figures of one job. The members that change them belong to the loop's thread; the cells may be read by any.
class JobSeries {
 public:
  /// Counts on from what the ledger holds. REQUIRES: nothing was counted yet.
  void seed(const ledger::JobTotals& totals);

  void on(const ledger::SlotClosed& slot);
  void on(const ledger::RunStarted& run);
  /// A slot has started: adds up for what it waited. Not of runs that this daemon did not start.
  void note_delay(const ledger::RunStarted& run);
  void on(const engine::AttemptStarted& attempt);
  void on(const ledger::StepEnded& step);
  void on(const ledger::AttemptEnded& attempt);
  void on(const ledger::RunEnded& run);
  void on(const engine::SlaBreached& breach);
  void on(const engine::SlaMet& met);
  void retry_planned() { retries.add(1); }

  std::array<std::array<Cell<std::uint64_t>, kTriggers>, kOutcomes> runs;         // [outcome][trigger]
  std::array<std::array<Cell<std::uint64_t>, kSlotReasons>, kSlotResults> slots;  // [result][reason]
  HistogramCells<kDurationBounds> duration;
  std::array<ExemplarCell, HistogramCells<kDurationBounds>::kBuckets> duration_exemplars;  // the newest run of each
  HistogramCells<kStartDelayBounds> start_delay;
  HistogramCells<kQueueWaitBounds> queue_wait;
  std::array<Cell<double>, kStartPhases> start_phases;  // seconds, by StartPhase
  Cell<std::uint64_t> running;
  Cell<std::uint64_t> queued;
  Cell<std::uint64_t> approvals_waiting;
  Cell<std::uint64_t> retries;
  Cell<std::uint64_t> consecutive_failures;
  Cell<std::uint64_t> orphans;
  std::array<Cell<std::uint64_t>, kOutcomes + 1> steps;  // [outcome]: tries of steps; the last: steps that were skipped
  std::array<Cell<std::uint64_t>, 2> output_bytes;       // stdout, stderr
  Cell<std::uint64_t> output_dropped_bytes;
  Cell<double> user_cpu_seconds;
  Cell<double> system_cpu_seconds;
  std::array<Cell<std::uint64_t>, 2> io_bytes;                       // read, written
  Cell<std::int64_t> max_rss_bytes;                                  // of the attempt that ended last
  std::array<Cell<std::uint64_t>, kSignals> signals;                 // that ended a run, by number
  std::array<Cell<std::uint64_t>, engine::sla_checks> sla_breaches;  // [check]
  std::array<Cell<bool>, engine::sla_checks> sla_breached;           // [check], now
  Cell<bool> paused;
  Cell<engine::Breaker::State> breaker;
  InstantCell next_run;
  InstantCell last_due;
  InstantCell last_start;
  InstantCell last_success;
  InstantCell last_failure;
  InstantCell oldest_start;                // of the runs under way
  Cell<double> last_duration_seconds{-1};  // negative: no run has ended yet
  Cell<int> last_exit_code{-1};            // negative: none
  Cell<int> last_run_succeeded{-1};        // negative: no run has ended yet

 private:
  void note_running();

  std::map<ledger::RunId, engine::WallTime> under_way_;  // loop thread only
};

/// A job that is in force, and its figures.
struct JobEntry {
  std::shared_ptr<const engine::Job> job;  ///< none for the entry that folds all one-shots
  std::string name;
  std::shared_ptr<JobSeries> series;
};

/// The jobs of one generation, by name. Immutable: a reload makes a new one, a scrape keeps the one it began with.
using JobEntries = std::vector<JobEntry>;

}  // namespace belfry::observe
