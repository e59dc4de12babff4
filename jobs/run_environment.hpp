// The environment of a job's program: what is inherited, what is set, and what tells it which run it is.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/action.hpp"

namespace belfry::jobs {

/// "NAME=value" entries: this process's own (only PATH with `clear`) overlaid with `set`. Names that begin with BELFRY_
/// are not inherited. Reads environ: no other thread may change it meanwhile.
std::vector<std::string> base_environment(const std::map<std::string, std::string>& set, bool clear);

/// BELFRY_JOB, BELFRY_RUN_ID, BELFRY_ATTEMPT, BELFRY_TRIGGER and, for a slot, BELFRY_SCHEDULED_AT.
std::vector<std::string> run_environment(const engine::Attempt& attempt);

/// The entry by which processes of this run are known: "BELFRY_RUN_ID=7".
std::string run_marker(const engine::Attempt& attempt);

}  // namespace belfry::jobs
