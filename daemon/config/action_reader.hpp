// The keys that say what a job does: command, script, file or native; exactly one of them.
#pragma once

#include <filesystem>
#include <optional>
#include <variant>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"
#include "jobs/native.hpp"

namespace belfry::daemon {

struct ActionContext {
  std::filesystem::path folder;  ///< where relative paths start: the job's working directory
  const jobs::NativeRegistry* natives = nullptr;
};

/// The action of a job; complains and gives nothing when it is missing, wrong, or given twice.
std::optional<Action> read_action(const MapReader& job, const ActionContext& context);

}  // namespace belfry::daemon
