// May this slot start now? The one place where a job's policies are weighed against its state. Pure.
//
// Two questions, in this order: is there an objection to the slot as such, and is there room beside the job's other
// runs? The groups (group.hpp) and preconditions (precondition.hpp), which may take time, come after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/job.hpp"
#include "ledger/outcome.hpp"

namespace belfry::engine {

/// What is looked at when a slot is due.
struct AdmissionFacts {
  bool draining = false;
  bool paused = false;
  bool breaker_open = false;
  bool dependencies_met = true;
  std::optional<ledger::Outcome> last_outcome{};  ///< of the job's last run; none: it never ran
  WallTime now;
};

/// The reason to skip the slot, or none. Weighs, in this order: draining, paused, starting_deadline,
/// only_if_last_succeeded, the circuit breaker, dependencies. The first that objects is the reason.
std::optional<ledger::SlotReason> objection(const Job& job, WallTime slot, const AdmissionFacts& facts) noexcept;

/// The deadline alone: asked again when a slot has waited.
bool is_too_late(const Job& job, WallTime slot, WallTime now) noexcept;

/// What becomes of a slot beside the job's other runs.
enum class Room : std::uint8_t {
  start,   ///< there is room
  wait,    ///< it waits its turn
  oust,    ///< it waits, what waits before it is replaced, and the oldest run is ended
  refuse,  ///< skipped(overlap)
};

/// `occupied`: runs of the job under way; `waiting`: those that wait their turn; `patient`: it waits rather than being
/// refused, however many wait.
Room room_for(const Job& job, std::size_t occupied, std::size_t waiting, bool patient) noexcept;

}  // namespace belfry::engine
