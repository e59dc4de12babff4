// A ledger in trouble, as log lines: looks at its figures now and then and tells what is new.
#pragma once

#include <cstdint>

#include "engine/event.hpp"
#include "ledger/ledger.hpp"
#include "observe/log.hpp"
#include "observe/rate_limit.hpp"

namespace belfry::observe {

/// Lives on the loop's thread. Like LoopLog it needs no timer: it looks when an event comes by, at most once a second.
class LedgerLog {
 public:
  /// Both must outlive it.
  LedgerLog(Log& log, const ledger::Ledger& ledger);

  /// *this must outlive the stream.
  void subscribe(engine::EventStream& events);

  /// Tells what is new since the last call: that commits fail (once a minute while it lasts) and that they succeed
  /// again, that entries were given up or shortened because too many waited, and that one contradicts the record.
  void check();

 private:
  void check_commits(const ledger::LedgerStats& stats);
  void check_losses(const ledger::LedgerStats& stats);

  Log& log_;
  const ledger::Ledger& ledger_;
  RateLimit limit_;
  ledger::WallTime next_check_{};
  ledger::LedgerStats told_;  // as of the last check
  bool failing_ = false;
};

}  // namespace belfry::observe
