// The closed vocabularies of the ledger: what became of a slot, and how a run ended.
//
// The one definition in the program: YAML, metrics, API, CLI and the database all use these names by to_string().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace belfry::ledger {

/// What became of one due instant of one job. Every slot ends in exactly one of these.
enum class SlotResult : std::uint8_t {
  started,    ///< a run was started for it
  skipped,    ///< it was due, and admission refused it: see SlotReason
  missed,     ///< it passed while nobody could act on it: see SlotReason
  coalesced,  ///< it was folded into the run of another slot
};

/// Why a slot was skipped, missed or coalesced; `none` for a started one.
enum class SlotReason : std::uint8_t {
  none,
  overlap,        ///< skipped: the job had as many runs as it may have (or its queue was full)
  paused,         ///< skipped: the job was paused
  deadline,       ///< skipped: it could not be started within its starting_deadline
  shutdown,       ///< skipped: the daemon was draining
  cancelled,      ///< skipped: taken out of the queue, or out of the catch-up, by hand
  reloaded,       ///< skipped: queued when a new configuration removed its job
  holiday,        ///< skipped: it lies on a day off of the job's calendars
  group,          ///< skipped: the job's group was full (and its queue, if it has one)
  rate,           ///< skipped: the group had started as many runs as its rate allows
  breaker,        ///< skipped: the job's circuit breaker was open
  precondition,   ///< skipped: the job's precondition did not hold
  dependency,     ///< skipped: a job that it depends on had not ended as it must
  last_failed,    ///< skipped: the last run had not succeeded, and only_if_last_succeeded is set
  replaced,       ///< skipped: a newer slot took its place in the queue
  down,           ///< missed or coalesced: the daemon was not running
  suspend,        ///< missed or coalesced: the machine slept
  clock_jump,     ///< missed or coalesced: the wall clock was set past it
  overload,       ///< missed or coalesced: the loop came to it too late
  catchup_limit,  ///< missed: more slots had passed than the job's catchup_limit lets run
  in_doubt,       ///< missed: it may have started just before the power failed, and must not start twice
};

/// How a run, or one attempt of it, ended.
enum class Outcome : std::uint8_t {
  success,
  failure,      ///< the action reported an error (a process: an exit code that is not a success)
  timeout,      ///< it ran past its timeout and was ended
  killed,       ///< a process died by a signal that belfry did not send
  cancelled,    ///< ended by request: by hand, or because the daemon shut down
  start_error,  ///< it could not be started at all; the message says why
  lost,         ///< the daemon died while it ran and its end is unknown
};

/// What made a run start.
enum class RunTrigger : std::uint8_t {
  schedule,    ///< its slot was due
  manual,      ///< by hand
  catchup,     ///< a slot that had passed while nobody could act on it
  recovery,    ///< once more for a slot whose run was lost (guarantee: at_least_once)
  dependency,  ///< the runs of other jobs ended
  watch,       ///< files that it watches came
};

/// The name used everywhere, e.g. "clock_jump". Never empty.
std::string_view to_string(SlotResult value) noexcept;
std::string_view to_string(SlotReason value) noexcept;
std::string_view to_string(Outcome value) noexcept;
std::string_view to_string(RunTrigger value) noexcept;

/// The value with that name, or nothing.
std::optional<SlotResult> slot_result_from(std::string_view name) noexcept;
std::optional<SlotReason> slot_reason_from(std::string_view name) noexcept;
std::optional<Outcome> outcome_from(std::string_view name) noexcept;
std::optional<RunTrigger> run_trigger_from(std::string_view name) noexcept;

}  // namespace belfry::ledger
