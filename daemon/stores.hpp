// What the daemon remembers with: how its ledger and its table of live runs are opened.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "daemon/config/settings.hpp"
#include "engine/past.hpp"
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

/// Below which the secrets of running programs are laid out: in memory, beside that table.
std::filesystem::path secrets_folder(const ledger::Ledger& ledger);

/// Reads what is remembered, on another thread than the loop's; what is in the table (null: there is none) is read at
/// once. Removes the secrets of programs that cannot be adopted. `upgraded`: the last daemon was this process. The
/// ledger must outlive what is returned. It may throw LedgerError.
std::move_only_function<std::shared_ptr<const engine::Past>()> past_reader(const ledger::SqliteLedger& ledger,
                                                                           const ledger::LiveRuns* live, bool upgraded);

}  // namespace belfry::daemon
