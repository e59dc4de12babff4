// The environment of a job's program: what is inherited, what is set, and what tells it which run it is.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "engine/action.hpp"

namespace belfry::jobs {

using Variables = std::map<std::string, std::string>;

/// This process's own variables (only PATH with `clear`, which is always there). Names that begin with BELFRY_ are not
/// inherited, nor, with `traced`, the place of this process in somebody's trace. Reads environ: no other thread may
/// change it meanwhile.
Variables inherited_environment(bool clear, bool traced = false);

/// "NAME=value" entries: `inherited` overlaid with each of `layers` in turn, so that the last one wins.
std::vector<std::string> environment_entries(const Variables& inherited,
                                             std::initializer_list<const Variables*> layers);

/// BELFRY_JOB, BELFRY_RUN_ID, BELFRY_FENCE, BELFRY_ATTEMPT, BELFRY_TRIGGER and run_marker(), and for a part of a run
/// part_marker(), too; for a slot
/// BELFRY_SCHEDULED_AT and BELFRY_DELAY_MS; BELFRY_CATCHUP=1 for one that was missed or is run again; and
/// BELFRY_PREV_SUCCESS_AT when the job has succeeded before. Instants are RFC 3339, UTC.
std::vector<std::string> run_environment(const engine::Attempt& attempt);

/// The entry that tells the program its place in the trace of its run, which is its attempt, or its step of a flow:
/// "TRACEPARENT=00-...-01".
std::string trace_parent(const engine::Attempt& attempt);

/// The entry by which processes of this run are known among all of the machine: "BELFRY_TREE=3fd1c06a9e0b7c55-7".
std::string run_marker(const engine::Attempt& attempt);

/// The same for those of one part of a run, which others of the run do not have: "BELFRY_PART=3fd1c06a9e0b7c55-7-...";
/// of a whole run run_marker().
std::string part_marker(const engine::Attempt& attempt);

}  // namespace belfry::jobs
