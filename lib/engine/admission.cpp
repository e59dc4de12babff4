#include "engine/admission.hpp"

namespace belfry::engine {

bool is_too_late(const Job& job, WallTime slot, WallTime now) noexcept {
  return job.starting_deadline && now - slot > *job.starting_deadline;
}

std::optional<ledger::SlotReason> objection(const Job& job, WallTime slot, const AdmissionFacts& facts) noexcept {
  if (facts.draining) return ledger::SlotReason::shutdown;
  if (facts.paused) return ledger::SlotReason::paused;
  if (is_too_late(job, slot, facts.now)) return ledger::SlotReason::deadline;
  if (job.only_if_last_succeeded && facts.last_outcome && *facts.last_outcome != ledger::Outcome::success) {
    return ledger::SlotReason::last_failed;
  }
  if (facts.breaker_open) return ledger::SlotReason::breaker;
  if (!facts.dependencies_met) return ledger::SlotReason::dependency;
  return std::nullopt;
}

Room room_for(const Job& job, std::size_t occupied, std::size_t waiting, bool patient) noexcept {
  if (job.overlap == Overlap::allow || job.max_instances == 0) return Room::start;
  if (waiting == 0 && occupied < static_cast<std::size_t>(job.max_instances)) return Room::start;
  if (patient) return Room::wait;
  switch (job.overlap) {
    case Overlap::allow:
      return Room::start;
    case Overlap::forbid:
      return Room::refuse;
    case Overlap::queue:
      return waiting < static_cast<std::size_t>(job.queue_limit) ? Room::wait : Room::refuse;
    case Overlap::replace:
    case Overlap::cancel_other:
      return Room::oust;
  }
  return Room::refuse;
}

}  // namespace belfry::engine
