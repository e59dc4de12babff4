// Why did these runs start late? What is on record of them, and what held the loop, to phases and sentences. Pure; any
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "observe/job_series.hpp"
#include "observe/slow_steps.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {

using time::Duration;
using time::WallTime;

/// What is asked.
struct SlowQuestion {
  std::string job;
  std::optional<ledger::RunId> run{};              ///< this one, however late; none: the latest late ones
  Duration over = std::chrono::milliseconds{100};  ///< those that were later than this
  std::size_t limit = 5;                           ///< so many of them; 1 to 100
};

/// What the loop did, as far as is known.
struct LoopPast {
  std::function<std::vector<observe::SlowStep>(WallTime from, WallTime to)> steps;
  WallTime known_since{};  ///< what was before is forgotten
};

/// Where the time of one start went.
struct StartPhaseTime {
  observe::StartPhase phase = observe::StartPhase::admission;
  Duration took{};
};

struct LateStart {
  ledger::RunRow run;                  ///< it has a slot
  Duration late{};                     ///< from when it was due until its process was there, as far as is known
  std::vector<StartPhaseTime> phases;  ///< in the order in which they follow each other; empty: not on record
  observe::StartPhase worst = observe::StartPhase::admission;
  std::vector<observe::SlowStep> held;  ///< the steps that held the loop meanwhile, the longest first, at most 5
  std::string sentence;                 ///< "Run 17 started 4.2s after it was due: ...."
};

struct Slow {
  std::string job;
  std::size_t looked_at = 0;      ///< runs with a slot that are on record and were compared
  std::vector<LateStart> starts;  ///< the newest first
  std::string sentence;           ///< what is to be said of all of them
};

/// Reads the disk: not on the loop's thread. Throws ledger::LedgerError. None: the ledger knows no such run, or no run
/// of the job.
std::optional<Slow> explain(const SlowQuestion& question, ledger::LedgerReader& reader, const LoopPast& loop,
                            const time::Zone& zone);

}  // namespace belfry::daemon
