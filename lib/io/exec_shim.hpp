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

/// Whom a program runs as: numbers, for belfry-exec looks nothing up.
struct ShimUser {
  std::string name;  ///< for messages; without a colon
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all supplementary ones
};

/// ioprio_set(2).
struct ShimIoPriority {
  int priority_class = 2;  ///< 1 realtime, 2 best effort, 3 idle
  int level = 4;           ///< 0 (first) to 7
};

/// A view of the machine of its own, by namespaces.
struct ShimSandbox {
  bool private_tmp = false;              ///< /tmp and /var/tmp are empty, in memory, and gone with the program
  std::vector<std::string> read_only{};  ///< absolute; what is mounted below included
  bool network = true;                   ///< false: none but a loopback of its own

  bool mounts() const noexcept { return private_tmp || !read_only.empty(); }
};

/// The steps that belfry-exec takes before the command.
struct ShimSteps {
  std::string cgroup;                     ///< the folder of the control group that it enters; empty: it stays
  std::optional<mode_t> umask;            ///< 0 to 0777
  std::optional<int> nice;                ///< -20 to 19
  std::map<std::string, Rlimit> rlimits;  ///< by the names of rlimits.hpp
  std::optional<ShimIoPriority> io_priority;
  std::vector<int> cpus;             ///< the processors it may use, 0 to 8191; empty: the daemon's
  std::optional<int> oom_score_adj;  ///< -1000 to 1000
  ShimSandbox sandbox;
  std::vector<std::string> drop_capabilities;  ///< by the names of capability_names.hpp, or "all"
  std::optional<ShimUser> user;                ///< unless it is root, it has no capabilities
  bool no_new_privileges = false;              ///< PR_SET_NO_NEW_PRIVS: setuid programs gain nothing
  std::string working_dir;                     ///< entered as the last step, with the program's rights; empty: stay

  bool needed() const noexcept {
    return !cgroup.empty() || umask || nice || !rlimits.empty() || io_priority || !cpus.empty() || oom_score_adj ||
           sandbox.mounts() || !sandbox.network || !drop_capabilities.empty() || user || no_new_privileges ||
           !working_dir.empty();
  }
};

/// The command line that runs `argv` through the shim at `shim`, with its errors going to report_fd (launch.hpp).
/// script_fd is kept open if argv names script_path.
std::vector<std::string> shim_command(const std::string& shim, const ShimSteps& steps,
                                      const std::vector<std::string>& argv);

/// Where belfry-exec is: beside this program, in ../libexec/belfry from there, or in PATH. The error is a sentence that
/// says where it was looked for. Reads the file system: call it once, not for each job.
std::expected<std::string, std::string> find_shim();

}  // namespace belfry::io
