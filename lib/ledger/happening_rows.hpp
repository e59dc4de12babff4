// Turns what explains the fate of slots into rows: pauses, breakers, the clock, zones, generations, the daemon itself.
//
// Owned by RowWriter, used on the writer's thread, inside its transaction. Besides the log of what happened it keeps
// what is so now (which jobs are paused, which breakers are open): a start reads that alone.
#pragma once

#include "ledger/entry.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

class HappeningRows {
 public:
  explicit HappeningRows(sqlite::Connection& connection);

  // Each writes the entry. Throws sqlite::Error.
  void add(const PauseChanged& pause);
  void add(const BreakerChanged& breaker);
  void add(const ClockJumped& jump);
  void add(const ZonesChanged& zones);
  void add(const GenerationApplied& generation);
  void add(const DaemonMark& mark);

 private:
  sqlite::Statement pause_, unpause_, log_pause_, log_unpause_;
  sqlite::Statement open_, close_, log_breaker_;
  sqlite::Statement jump_, zones_, generation_, mark_;
};

}  // namespace belfry::ledger
