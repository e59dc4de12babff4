#include "daemon/stores.hpp"

#include <unistd.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/exec_shim.hpp"
#include "jobs/secrets.hpp"
#include "ledger/error.hpp"

namespace belfry::daemon {
namespace {

ledger::SqliteOptions options_of(const Settings& settings) {
  const History& history = settings.history;
  ledger::SqliteOptions options;
  options.durability = settings.store.durability;
  options.close_patience = ledger_patience;
  options.retention = {.keep_runs = history.keep_runs,
                       .keep_slots = history.keep_slots,
                       .keep_outputs = history.keep_outputs,
                       .output_bytes = {.of_a_job = history.keep_output_size, .in_all = history.keep_total_output_size},
                       .keep_for = history.keep_for};
  return options;
}

}  // namespace

std::unique_ptr<ledger::SqliteLedger> open_ledger(const Settings& settings) {
  return ledger::SqliteLedger::open(settings.state_dir / "ledger.db", options_of(settings));
}

std::unique_ptr<ledger::LiveRuns> open_live_runs(const ledger::SqliteLedger& ledger, observe::Log& log) {
  try {
    const auto shim = io::find_shim();
    auto runs = ledger::LiveRuns::open(ledger.path(), {.keeper = shim.value_or("")});
    const std::string& reason = shim ? runs->no_keeper() : shim.error();
    if (!reason.empty()) {
      log.warning("what a job prints and how it ends is lost when it ends while no belfryd runs", {{"reason", reason}});
    }
    return runs;
  } catch (const ledger::LedgerError& error) {
    log.warning("runs cannot be taken over after a crash", {{"reason", error.what()}});
    return nullptr;
  }
}

std::filesystem::path secrets_folder(const ledger::Ledger& ledger) {
  return "/dev/shm/belfry-" + std::to_string(::geteuid()) + "-" + std::string(ledger.id()) + ".secrets";
}

std::move_only_function<std::shared_ptr<const engine::Past>()> past_reader(const ledger::SqliteLedger& ledger,
                                                                           const ledger::LiveRuns* live,
                                                                           bool upgraded) {
  const bool whole = live != nullptr && live->is_whole();
  return [&ledger, whole, upgraded, left = live != nullptr ? live->left() : std::vector<ledger::LiveRun>()]() mutable {
    std::set<ledger::RunId> going_on;
    for (const ledger::LiveRun& run : left) going_on.insert(run.started.run);
    jobs::remove_forgotten_secrets(secrets_folder(ledger), going_on);
    auto past = std::make_shared<engine::Past>(engine::read_past(*ledger.open_reader(), std::move(left), whole));
    past->continued = whole && upgraded;
    return std::shared_ptr<const engine::Past>(std::move(past));
  };
}

}  // namespace belfry::daemon
