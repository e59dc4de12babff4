#include "engine/admission.hpp"

namespace belfry::engine {
namespace {

Decision refuse(ledger::SlotReason reason) { return {.kind = Decision::Kind::refuse, .reason = reason}; }

}  // namespace

Decision admit(const Job& job, WallTime slot, const AdmissionFacts& facts) noexcept {
  if (facts.draining) return refuse(ledger::SlotReason::shutdown);
  if (facts.paused) return refuse(ledger::SlotReason::paused);
  if (job.days_off.contains(slot)) return refuse(ledger::SlotReason::holiday);
  if (job.starting_deadline && facts.now - slot > *job.starting_deadline) return refuse(ledger::SlotReason::deadline);
  if (facts.running == 0 && facts.queued == 0) return {};
  switch (job.overlap) {
    case Overlap::allow:
      return {};
    case Overlap::forbid:
      return refuse(ledger::SlotReason::overlap);
    case Overlap::queue:
    case Overlap::replace:
    case Overlap::cancel_other:
      break;
  }
  if (facts.queued >= static_cast<std::size_t>(job.queue_limit)) return refuse(ledger::SlotReason::overlap);
  return {.kind = Decision::Kind::wait};
}

}  // namespace belfry::engine
