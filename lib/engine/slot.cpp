#include "engine/slot.hpp"

#include <stdexcept>
#include <utility>

#include "async/fault_point.hpp"
#include "engine/engine_clock.hpp"
#include "time/instant.hpp"

namespace belfry::engine {
namespace {

bool is_end(SlotState state) noexcept { return state != SlotState::due && state != SlotState::waiting; }

}  // namespace

std::string_view to_string(SlotState state) noexcept {
  switch (state) {
    case SlotState::due:
      return "due";
    case SlotState::waiting:
      return "waiting";
    case SlotState::started:
      return "started";
    case SlotState::skipped:
      return "skipped";
    case SlotState::missed:
      return "missed";
    case SlotState::coalesced:
      return "coalesced";
  }
  return "due";
}

Slot::Slot(std::shared_ptr<const Job> job, SlotSpan span, Recorder& recorder, bool claimed)
    : job_(std::move(job)), span_(span), recorder_(&recorder), claimed_(claimed) {}

Slot::~Slot() {
  if (!job_ || is_end(state_)) return;
  recorder_->publish(SlotUnaccounted{.job = job_->name, .scheduled_at = span_.first, .count = span_.count});
}

void Slot::enter_waiting() {
  enter(SlotState::waiting);
  if (!std::exchange(claimed_, true))
    recorder_->write(ledger::SlotClaimed{.job = job_->name, .scheduled_at = span_.last, .at = wall_now()});
  recorder_->publish(SlotWaits{.job = job_->name, .scheduled_at = span_.last});
  BELFRY_FAULT_POINT("slot.waits");
}

void Slot::enter_started(ledger::RunId run) && {
  close(SlotState::started, ledger::SlotResult::started, ledger::SlotReason::none, run);
}

void Slot::enter_skipped(ledger::SlotReason reason, std::optional<ledger::RunId> run) && {
  close(SlotState::skipped, ledger::SlotResult::skipped, reason, run);
}

void Slot::enter_missed(ledger::SlotReason reason) && {
  close(SlotState::missed, ledger::SlotResult::missed, reason, std::nullopt);
}

void Slot::enter_coalesced(ledger::SlotReason reason, ledger::RunId run) && {
  close(SlotState::coalesced, ledger::SlotResult::coalesced, reason, run);
}

void Slot::enter(SlotState next) {
  if (job_ && !is_end(state_) && next != state_ && next != SlotState::due) {
    state_ = next;
    return;
  }
  throw std::logic_error("slot " + dump() + " cannot become " + std::string(to_string(next)) +
                         "; please report this as a bug of belfry");
}

void Slot::close(SlotState end, ledger::SlotResult result, ledger::SlotReason reason,
                 std::optional<ledger::RunId> run) {
  enter(end);
  recorder_->record(ledger::SlotClosed{.job = job_->name,
                                       .scheduled_at = span_.first,
                                       .last_scheduled_at = span_.last,
                                       .count = span_.count,
                                       .result = result,
                                       .reason = reason,
                                       .run = run,
                                       .closed_at = wall_now()});
  BELFRY_FAULT_POINT("slot.closed");
}

std::string Slot::dump() const {
  if (!job_) return "(moved away)";
  std::string text = job_->name + " " + time::format_utc(span_.first);
  if (span_.count > 1) text += " to " + time::format_utc(span_.last) + " (" + std::to_string(span_.count) + ")";
  return text + " " + std::string(to_string(state_));
}

}  // namespace belfry::engine
