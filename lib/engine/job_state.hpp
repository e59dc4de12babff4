// What the engine remembers of one job between its slots.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/breaker.hpp"
#include "engine/dependencies.hpp"
#include "engine/due_queue.hpp"
#include "engine/job.hpp"

namespace belfry::engine {

/// Loop thread only. Kept alive by its runs when a reload removes the job under them. There may be a million of these:
/// what few jobs need is behind a pointer.
struct JobState : std::enable_shared_from_this<JobState> {
  explicit JobState(std::shared_ptr<const Job> declared) : job(std::move(declared)) {
    slot.job = this;
    if (job->breaker) breaker = std::make_unique<Breaker>(*job->breaker);
  }

  std::shared_ptr<const Job> job;
  DueSlot slot;                        ///< its place in the due queue
  std::optional<WallTime> next;        ///< the slot that it waits for there
  std::optional<WallTime> last_slot;   ///< the newest slot that was closed or waits: never fired twice
  std::vector<ledger::RunId> turns;    ///< what waits for the runs before it, in order
  std::uint32_t waiting_in_group = 0;  ///< how many wait for their place in the group
  std::uint32_t running = 0;           ///< runs under way, and those whose precondition is being looked at
  std::unique_ptr<ledger::PauseChanged> paused;
  std::unique_ptr<Breaker> breaker;  ///< none: the job declares none
  bool claimed = false;              ///< `next` is claimed in the ledger
  bool missed_while_down = false;    ///< `next` passed before this daemon started
  bool one_shot = false;
  bool removed = false;  ///< by a reload; it keeps its runs, its pause and its past in case it comes back

  std::optional<JobEnd> last_end;  ///< of the newest run that has ended; its number is 0 when an earlier daemon saw it
  std::optional<WallTime> last_start;
  std::optional<WallTime> last_success;
  std::uint64_t consecutive_failures = 0;

  /// Runs that take a place of max_instances: those that wait for their group have had their turn.
  std::size_t occupied() const noexcept { return std::size_t{running} + waiting_in_group; }

  std::optional<ledger::Outcome> last_outcome() const noexcept {
    return last_end ? std::optional(last_end->outcome) : std::nullopt;
  }

  /// Whether a run that ended so is repeated.
  bool owes_another(ledger::Outcome outcome) const noexcept {
    return outcome == ledger::Outcome::lost && job->guarantee == Guarantee::at_least_once;
  }

  bool paused_at(WallTime now) const noexcept { return paused && (!paused->until || now < *paused->until); }
};

}  // namespace belfry::engine
