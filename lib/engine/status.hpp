// What the engine shows of itself: plain values, copied out on the loop's thread, free to cross to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// A run under way.
struct ActiveRun {
  ledger::RunId run = 0;
  std::string job;
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;
  WallTime started_at;
  int attempt = 0;                   ///< 0: not yet launched
  std::optional<WallTime> retry_at;  ///< waiting for its next attempt until then
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
  std::size_t queued = 0;
  std::optional<WallTime> last_start;
  std::optional<WallTime> last_success;
  std::optional<ledger::Outcome> last_outcome;
  std::uint64_t consecutive_failures = 0;
};

struct EngineStatus {
  std::uint64_t generation = 0;
  std::size_t jobs = 0;
  std::size_t running = 0;
  std::size_t queued = 0;
  bool draining = false;
  std::optional<WallTime> next;  ///< the earliest slot of all
};

}  // namespace belfry::engine
