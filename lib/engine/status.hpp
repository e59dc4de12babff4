// What the engine shows of itself: plain values, copied out on the loop's thread, free to cross to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/approval.hpp"
#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// Where a run is; see run.hpp.
enum class RunState : std::uint8_t { admitted, attempting, resting, ended };

std::string_view to_string(RunState state) noexcept;

/// A run under way.
struct ActiveRun {
  ledger::RunId run = 0;
  std::string job;
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;
  WallTime started_at;
  RunState state = RunState::admitted;
  int attempt = 0;                            ///< 0: not yet launched
  std::optional<WallTime> retry_at;           ///< waiting for its next attempt until then
  bool adopted = false;                       ///< an earlier belfryd started it
  std::vector<ApprovalQuestion> approvals{};  ///< for which its steps wait, in the order in which they began to
  std::optional<Progress> progress;           ///< of the attempt; none: it has told nothing
};

/// What a slot, or a run by hand, waits for.
enum class WaitsFor : std::uint8_t {
  turn,          ///< the end of the runs before it
  group,         ///< its place in its group
  budget,        ///< the catch-up budget of the daemon
  precondition,  ///< its precondition is being looked at
};

std::string_view to_string(WaitsFor value) noexcept;

/// A run that has not started yet.
struct WaitingRun {
  ledger::RunId run = 0;
  std::string job;
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;
  WaitsFor waits_for = WaitsFor::turn;
  WallTime since;
};

struct JobStatus {
  std::string name;
  std::string description;
  std::string action;  ///< one line, without secrets
  std::string schedule;
  std::string timezone;
  bool enabled = true;
  bool one_shot = false;
  std::optional<ledger::PauseChanged> paused;
  std::optional<WallTime> next;  ///< none: never again, disabled, or by hand only
  std::vector<ActiveRun> running;
  std::size_t queued = 0;    ///< slots and requests that wait, for whatever
  std::string breaker;       ///< its state, for people: "open until ..."; empty: the job has none
  std::string dependencies;  ///< what it waits for, for people; empty: it depends on no other job, or has a trigger
  std::optional<WallTime> last_start;
  std::optional<WallTime> last_success;
  std::optional<ledger::Outcome> last_outcome;
  std::uint64_t consecutive_failures = 0;
};

/// A group as it is now.
struct GroupStatus {
  std::string name;
  GroupPolicy policy;
  std::int64_t used = 0;    ///< the sum of the weights of the runs under way
  std::size_t running = 0;  ///< runs under way
  std::size_t waiting = 0;
};

struct EngineStatus {
  std::uint64_t generation = 0;
  std::size_t jobs = 0;       ///< with the one-shots
  std::size_t one_shots = 0;  ///< of the jobs, the one-shots that wait for their time
  std::size_t running = 0;
  std::size_t queued = 0;
  std::size_t catchup = 0;  ///< of the queued, how many wait for the catch-up budget
  std::size_t looking = 0;  ///< of the queued, how many wait for their precondition, which is being looked at
  bool draining = false;
  std::optional<WallTime> next;  ///< the earliest slot of all
};

}  // namespace belfry::engine
