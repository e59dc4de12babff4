// The job behind `belfry in 10m -- cmd` and `belfry at TIME -- cmd`.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "engine/job.hpp"
#include "engine/one_shots.hpp"
#include "ledger/entry.hpp"

namespace belfry::daemon {

/// Due once, at request.due; runs request.argv without a shell, in request.working_dir, with request.environment.
/// `traced`: it is told its place in a trace (jobs/exec.hpp). `secrets_folder`: it has no secrets, but it may stand in
/// for a job that has some.
std::shared_ptr<const engine::Job> make_one_shot(const ledger::OneShotAdded& request, bool traced,
                                                 const std::filesystem::path& secrets_folder);

/// The same as the engine wants it, with what does not differ from one to the next.
engine::OneShotFactory one_shot_maker(std::function<bool()> traced, std::filesystem::path secrets_folder);

}  // namespace belfry::daemon
