// Slot: the state machine of one due instant, or of several in a row that share their fate. From the moment it is due
// it ends in exactly one ledger entry.
//
//   due ----> waiting ----> started | skipped | missed | coalesced
//     \------------------->
//
// Before it is due a slot is no object but an instant in the due queue (JobState::next). Each end takes the slot away
// from its owner (`std::move(slot).enter_started(run)`), so it cannot be written twice; one that is destroyed without
// an end is told as SlotUnaccounted, which must never happen and is counted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/job.hpp"
#include "engine/recorder.hpp"
#include "engine/slot_span.hpp"

namespace belfry::engine {

enum class SlotState : std::uint8_t { due, waiting, started, skipped, missed, coalesced };

std::string_view to_string(SlotState state) noexcept;

/// Loop thread only. `recorder` must outlive the slot. A transition that the picture above does not show, or one of a
/// slot that has been moved from, throws std::logic_error with the slot's dump().
class Slot {
 public:
  /// Due now. `claimed`: the ledger knows it as open already.
  Slot(std::shared_ptr<const Job> job, SlotSpan span, Recorder& recorder, bool claimed = false);
  Slot(Slot&& other) noexcept = default;
  Slot& operator=(Slot&& other) = delete;
  ~Slot();

  /// It must wait before it can start; the ledger is told that it is open, so that no crash can lose it.
  void enter_waiting();

  /// `run` is on its way.
  void enter_started(ledger::RunId run) &&;
  /// Refused; `run` is the number that it had while it waited, if it did.
  void enter_skipped(ledger::SlotReason reason, std::optional<ledger::RunId> run = std::nullopt) &&;
  /// Nobody could act on it.
  void enter_missed(ledger::SlotReason reason) &&;
  /// Folded into the run of a later slot; `reason` says what had made it late.
  void enter_coalesced(ledger::SlotReason reason, ledger::RunId run) &&;

  const SlotSpan& span() const noexcept { return span_; }
  /// Of one slot: when it was due.
  WallTime scheduled_at() const noexcept { return span_.last; }
  SlotState state() const noexcept { return state_; }

  /// One line for a person: "backup 2026-01-01T12:00:00Z waiting".
  std::string dump() const;

 private:
  void enter(SlotState next);
  void close(SlotState end, ledger::SlotResult result, ledger::SlotReason reason, std::optional<ledger::RunId> run);

  std::shared_ptr<const Job> job_;  // none: moved from
  SlotSpan span_;
  Recorder* recorder_;
  SlotState state_ = SlotState::due;
  bool claimed_;
};

}  // namespace belfry::engine
