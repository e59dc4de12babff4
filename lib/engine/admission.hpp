// May this slot start now? The one place where a job's policies are weighed against its state. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/job.hpp"
#include "ledger/outcome.hpp"

namespace belfry::engine {

/// What admission looks at.
struct AdmissionFacts {
  bool draining = false;
  bool paused = false;
  std::size_t running = 0;  ///< runs of this job under way
  std::size_t queued = 0;   ///< slots of this job that wait
  WallTime now;
};

struct Decision {
  enum class Kind : std::uint8_t { start, wait, refuse } kind = Kind::start;
  ledger::SlotReason reason = ledger::SlotReason::none;  ///< of a refusal
};

/// Weighs, in this order: draining, paused, holiday, starting_deadline, overlap. The first that objects names the
/// reason.
Decision admit(const Job& job, WallTime slot, const AdmissionFacts& facts) noexcept;

}  // namespace belfry::engine
