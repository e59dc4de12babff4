// What the handlers of the API share, and the functions that put them into the router.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/control/backup_worker.hpp"
#include "daemon/control/bridge.hpp"
#include "daemon/control/control_api.hpp"
#include "daemon/control/router.hpp"
#include "daemon/control/run_waiters.hpp"

namespace belfry::daemon {

struct ApiContext {
  ControlParts parts;
  Bridge bridge;
  RunWaiters waiters;                            // loop thread only
  std::unique_ptr<ledger::LedgerReader> reader;  // server thread only; opened by the first question
  BackupWorker backup;                           // server thread only

  explicit ApiContext(ControlParts given)
      : parts(std::move(given)),
        bridge(parts.loop, parts.loop_patience),
        waiters(parts.events, parts.engine),
        backup(parts.ledger) {}

  /// Answers with what `read` makes of the history, on the server's thread, once all that happened before is in it;
  /// when the disk takes nothing for 2 s, with what there is. Any thread.
  void read_history(const Exchange& exchange, std::function<Reply(ledger::LedgerReader&)> read);

  /// Replies once all that was written to the ledger before is durable: what a client was promised outlives us. While
  /// the disk takes nothing, the client waits. Loop thread.
  void reply_when_durable(const Exchange& exchange, Reply reply) const;

  /// The reply for a refusal of the engine; `job` is what was asked for, to suggest what was meant. Loop thread.
  Reply refused(const engine::Refusal& refusal, std::string_view job = {}) const;
};

void add_status_routes(Router& router, ApiContext& context);    // api_status.cpp
void add_task_routes(Router& router, ApiContext& context);      // api_tasks.cpp
void add_job_routes(Router& router, ApiContext& context);       // api_jobs.cpp
void add_run_routes(Router& router, ApiContext& context);       // api_runs.cpp
void add_approval_routes(Router& router, ApiContext& context);  // api_approvals.cpp
void add_why_routes(Router& router, ApiContext& context);       // api_why.cpp
void add_slow_routes(Router& router, ApiContext& context);      // api_slow.cpp
void add_catchup_routes(Router& router, ApiContext& context);   // api_catchup.cpp
void add_one_shot_routes(Router& router, ApiContext& context);  // api_one_shots.cpp
void add_notify_routes(Router& router, ApiContext& context);    // api_notify.cpp
void add_ledger_routes(Router& router, ApiContext& context);    // api_ledger.cpp

/// The number that `text` holds, within bounds. Throws ApiError 400 naming `what`.
std::int64_t parse_number(std::string_view text, std::string_view what, std::int64_t least, std::int64_t most);

}  // namespace belfry::daemon
