// The words for what was in force at the instant, and for each reason that a slot can have. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "daemon/why/why_facts.hpp"

namespace belfry::daemon {

/// What was in force at the instant, picked out of the happenings.
struct InForce {
  std::optional<ledger::DaemonMark> mark;       ///< the last start or stop of belfryd before it
  std::optional<ledger::DaemonMark> next_mark;  ///< the first one after it
  std::optional<ledger::GenerationApplied> generation;
  std::optional<ledger::GenerationApplied> next_generation;
  std::optional<ledger::PauseChanged> pause;
  std::optional<ledger::BreakerChanged> breaker;
  std::optional<ledger::ClockJumped> jump;    ///< a step that the instant lies in
  std::optional<ledger::ZonesChanged> zones;  ///< since then, other rules came into force

  /// belfryd had stopped in order.
  bool stopped() const noexcept;
  /// It had been started, and ended without a word before or after the instant: its next mark is a start.
  bool died() const noexcept;
};

InForce in_force(const WhyFacts& facts);

/// "2026-11-27 02:30 CET"; seconds and fractions only when there are any.
std::string clock_text(WallTime at, const time::Zone& zone);

/// "run 17, which started at ... and ended in success at ...".
std::string run_text(const ledger::RunRow& run, const time::Zone& zone);

/// How belfryd, the clock and the pauses were, each as a sentence without a full stop.
std::string daemon_text(const InForce& then, const time::Zone& zone);
std::string generation_text(const InForce& then, std::uint64_t generation_now, const time::Zone& zone);
std::string jump_text(const ledger::ClockJumped& jump, const time::Zone& zone);
std::string pause_text(const ledger::PauseChanged& pause, const time::Zone& zone);

/// Why a slot was skipped, missed or coalesced, with names, numbers and times where they are known: what comes after
/// "because".
std::string reason_text(ledger::SlotReason reason, const WhyFacts& facts, const InForce& then);

/// Why a run started later than its slot; empty when nothing is known.
std::string delay_text(const WhyFacts& facts, const InForce& then);

/// What a slot waits for: what comes after "it waits for".
std::string waiting_text(engine::WaitsFor what, const WhyFacts& facts);

/// The link of the chain that a reason belongs to: "pause", "overlap", "daemon", ...
std::string_view link_of(ledger::SlotReason reason) noexcept;

}  // namespace belfry::daemon
