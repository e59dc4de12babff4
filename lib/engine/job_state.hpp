// What the engine remembers of one job between its slots.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "engine/due_queue.hpp"
#include "engine/job.hpp"
#include "engine/run.hpp"

namespace belfry::engine {

/// Loop thread only. Kept alive by its runs when a reload removes the job under them.
struct JobState : std::enable_shared_from_this<JobState> {
  explicit JobState(std::shared_ptr<const Job> declared) : job(std::move(declared)) { slot.job = this; }

  std::shared_ptr<const Job> job;
  DueSlot slot;                       ///< its place in the due queue
  std::optional<WallTime> next;       ///< the slot that it waits for there
  std::optional<WallTime> last_slot;  ///< the newest slot that was closed or queued: never fired twice
  std::deque<Launch> queue;           ///< admitted, waiting for the run before them
  std::size_t running = 0;
  std::optional<ledger::PauseChanged> paused;
  bool missed_while_down = false;  ///< `next` passed before this daemon started
  bool one_shot = false;
  bool removed = false;  ///< by a reload; it keeps its runs, its pause and its past in case it comes back

  std::optional<WallTime> last_start;
  std::optional<WallTime> last_success;
  std::optional<ledger::Outcome> last_outcome;
  std::uint64_t consecutive_failures = 0;
};

}  // namespace belfry::engine
