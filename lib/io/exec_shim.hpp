// What launch() cannot set up is done by belfry-exec, a small static program that then becomes the job's command.
//
// It is used only by jobs that ask for such a step: its execve and the 28 page faults of even a static program cost
// 0.6 ms of CPU and as much delay, ten times as much as all the rest of starting a job. exec_shim/main.cpp has the
// order of the steps.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace belfry::io {

/// A resource limit: unlimited where a value is `infinity`.
struct Rlimit {
  static constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t soft = infinity;
  std::uint64_t hard = infinity;
};

/// The steps that belfry-exec takes before the command.
struct ShimSteps {
  std::optional<mode_t> umask;            ///< 0 to 0777
  std::optional<int> nice;                ///< -20 to 19
  std::map<std::string, Rlimit> rlimits;  ///< by the names of rlimits.hpp
  bool no_new_privileges = false;         ///< PR_SET_NO_NEW_PRIVS: setuid programs gain nothing

  bool needed() const noexcept { return umask || nice || !rlimits.empty() || no_new_privileges; }
};

/// The command line that runs `argv` through the shim at `shim`, with its errors going to report_fd (launch.hpp).
std::vector<std::string> shim_command(const std::string& shim, const ShimSteps& steps,
                                      const std::vector<std::string>& argv);

/// Where belfry-exec is: beside this program, in ../libexec/belfry from there, or in PATH. The error is a sentence that
/// says where it was looked for. Reads the file system: call it once, not for each job.
std::expected<std::string, std::string> find_shim();

}  // namespace belfry::io
