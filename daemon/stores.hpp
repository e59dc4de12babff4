// What the daemon remembers with: how its ledger and its table of live runs are opened.
#pragma once

#include <memory>

#include "daemon/config/settings.hpp"
#include "ledger/live_runs.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "observe/log.hpp"

namespace belfry::daemon {

/// How long the last entries may take to reach a failing disk; SqliteLedger tries as long again when it is closed.
inline constexpr time::Duration ledger_patience = std::chrono::seconds{5};

/// Opens or makes ledger.db in the state folder. Throws LedgerError, with advice.
std::unique_ptr<ledger::SqliteLedger> open_ledger(const Settings& settings);

/// Opens the table beside it; null when that cannot be done, which is logged: belfryd runs its jobs all the same, but a
/// later one cannot take over what a kill leaves behind.
std::unique_ptr<ledger::LiveRuns> open_live_runs(const ledger::SqliteLedger& ledger, observe::Log& log);

}  // namespace belfry::daemon
