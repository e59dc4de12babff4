// The job behind `belfry in 10m -- cmd` and `belfry at TIME -- cmd`.
#pragma once

#include <memory>

#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::daemon {

/// Due once, at request.due; runs request.argv without a shell, in request.working_dir, with request.environment.
/// `traced`: it is told its place in a trace (jobs/exec.hpp).
std::shared_ptr<const engine::Job> make_one_shot(const ledger::OneShotAdded& request, bool traced);

}  // namespace belfry::daemon
