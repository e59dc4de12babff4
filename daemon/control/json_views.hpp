// How the API shows the values of the engine and the ledger. Instants are RFC 3339 in UTC, spans are seconds, what is
// not known is null. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "async/loop_stats.hpp"
#include "engine/status.hpp"
#include "ledger/ledger.hpp"

namespace belfry::daemon {

nlohmann::json view(const std::optional<engine::WallTime>& at);
nlohmann::json view(const engine::ApprovalQuestion& question);
nlohmann::json view(const engine::Progress& progress);
nlohmann::json view(const engine::ActiveRun& run);
/// `breaches`: of that job; others are left out.
nlohmann::json view(const engine::JobStatus& job, const std::vector<engine::SlaBreached>& breaches);
nlohmann::json view(const engine::SlaBreached& breach);
nlohmann::json view(const engine::EngineStatus& status);
nlohmann::json view(const ledger::RunRow& run);
nlohmann::json view(const ledger::RunEnded& run);
nlohmann::json view(const ledger::AttemptEnded& attempt);  ///< without its output
nlohmann::json view(const ledger::StepEnded& step);
nlohmann::json output_view(const ledger::AttemptEnded& attempt);  ///< only its output
nlohmann::json view(const ledger::LedgerStats& stats);
nlohmann::json view(const async::LoopStats& stats);  ///< what a person wants to know of the loop

}  // namespace belfry::daemon
