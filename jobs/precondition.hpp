// What must hold before a run starts: a command that says so, the load, free disk and memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/precondition.hpp"
#include "jobs/exec.hpp"

namespace belfry::jobs {

/// A file system must have room for ordinary users.
struct FreeDisk {
  std::string path;  ///< anything on it
  std::uint64_t at_least = 0;
};

/// All that is given must hold.
struct PreconditionSpec {
  std::string job;                             ///< for the command's BELFRY_JOB
  std::optional<ExecSpec> command{};           ///< holds when its outcome is success
  std::optional<double> load_below{};          ///< the load average of the last minute (getloadavg(3))
  std::optional<double> load_per_cpu_below{};  ///< the same, divided by the number of CPUs that are online
  std::optional<FreeDisk> free_disk{};         ///< what is available to ordinary users
  std::optional<std::uint64_t> free_memory{};  ///< MemAvailable: without swapping, caches let go of; in bytes
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};  ///< of the command, and of the others together
};

/// Asks for load, memory, disk and command in this order; the first that does not hold is the objection, the others are
/// not asked. The command runs like an exec action, as a process group that is ended as a tree when it is too slow or
/// is cancelled; in its environment are BELFRY_JOB, and a BELFRY_RUN_ID below zero, for it is no run. Its output is not
/// kept, but the last line is in the objection. What cannot be measured does not hold. As for make_exec(): the
/// environment is looked up now; any thread, but no other may change it meanwhile.
std::shared_ptr<const engine::Precondition> make_precondition(PreconditionSpec spec);

}  // namespace belfry::jobs
