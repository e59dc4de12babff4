// All that is known about one instant of one job: what the engine has alive, and what the ledger has on record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/job.hpp"
#include "engine/status.hpp"
#include "ledger/ledger.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

using time::WallTime;

/// What is asked, and what the engine knows. Copied on the loop's thread; then any thread may have it.
struct WhyQuestion {
  std::string job;
  std::optional<WallTime> at;  ///< none: the most recent slot
  std::string skipped_time;    ///< the local time that was meant, when the clock was set past it: `at` is when
  std::shared_ptr<const engine::Job> declared;  ///< as it is in force now; none: it is not
  std::optional<engine::JobStatus> status;      ///< none: not declared
  std::vector<engine::WaitingRun> waiting;      ///< of this job
  std::uint64_t generation = 0;                 ///< in force now
  WallTime now;
};

/// The question and the record.
struct WhyFacts {
  WhyQuestion question;
  time::Zone zone;                   ///< of the job; UTC when it is not declared
  WallTime at;                       ///< the instant to explain
  bool never_due = false;            ///< no instant was asked for, and there is none to explain: `at` is now
  bool is_slot = false;              ///< the schedule in force now names it, or the ledger has a slot of it
  std::optional<WallTime> previous;  ///< by that schedule, the slot before it
  std::optional<WallTime> next;      ///< and the one after it
  ledger::SlotsAround slots;
  std::optional<ledger::RunRow> run;               ///< of the slot that covers the instant
  std::vector<ledger::RunRow> under_way;           ///< other runs of the job at that instant, the newest first
  std::vector<ledger::Entry> happenings;           ///< from `at` to now, and what was in force then; in order of time
  std::optional<ledger::JobDeclared> declaration;  ///< since when it is declared just so
};

/// Gathers the record. Reads the disk: not on the loop's thread. Throws ledger::LedgerError. None: there is no such
/// job, neither declared nor on record.
std::optional<WhyFacts> gather(WhyQuestion question, ledger::LedgerReader& reader);

}  // namespace belfry::daemon
