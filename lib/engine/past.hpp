// What the last daemon left behind, gathered before the engine starts: the ledger's record, and the table of live runs
// beside it. Plain values.
#pragma once

#include <cstddef>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/live_runs.hpp"

namespace belfry::engine {

/// A run of the table of live runs, and how much of it the ledger knows: the last milliseconds before a kill are in the
/// table alone.
struct Leftover {
  ledger::LiveRun run;
  bool slot_on_record = false;   ///< its slot is closed
  bool start_on_record = false;  ///< its RunStarted
  bool end_on_record = false;    ///< its RunEnded
  int attempts_on_record = 0;    ///< the newest AttemptEnded; 0: none
};

struct Past {
  ledger::Resume resume;
  std::vector<Leftover> left;  ///< by number of the run
  /// A run that is not in `left`, nor on record, never started: see LiveRuns::is_whole().
  bool table_is_whole = false;
  /// The last daemon was this very process, a moment ago: what was due since then is late, not missed, and what waited
  /// goes on waiting.
  bool continued = false;
};

/// Asks the ledger what it knows of the runs in `left`. Reads the disk: never on the loop's thread. Throws LedgerError.
Past read_past(ledger::LedgerReader& reader, std::vector<ledger::LiveRun> left, bool table_is_whole);

}  // namespace belfry::engine
