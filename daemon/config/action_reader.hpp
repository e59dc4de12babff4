// The keys that say what a job does: command, file or native; exactly one of them.
#pragma once

#include <optional>
#include <variant>

#include "daemon/config/job_spec.hpp"
#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

/// The action of a job; complains and gives nothing when it is missing, wrong, or given twice.
std::optional<Action> read_action(const MapReader& job);

}  // namespace belfry::daemon
