// launch(): starts a program in about the time that vfork and exec take.
//
// The lowest step, plain and synchronous; Process (process.hpp) adds waiting, killing and the sweep of its tree.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/fd.hpp"

namespace belfry::io {

/// What is to be started; the same for every run of a job.
struct LaunchSpec {
  std::vector<std::string> argv;         ///< argv[0] is the command: a path, or a name searched in PATH
  std::vector<std::string> environment;  ///< "NAME=value"; its PATH is the one that is searched
  std::string working_dir;               ///< empty: the caller's own
};

/// What differs from run to run. All of it is borrowed: descriptors stay the caller's.
struct LaunchContext {
  int standard_input = -1;                     ///< -1: /dev/null
  int standard_output = -1;                    ///< -1: /dev/null
  int standard_error = -1;                     ///< -1: /dev/null
  int report = -1;                             ///< becomes descriptor 3 (report_fd), for belfry-exec; -1: none
  std::span<const std::string> environment{};  ///< more "NAME=value", beside those of the spec
};

/// The number under which LaunchContext::report arrives.
inline constexpr int report_fd = 3;

/// Where starting failed.
enum class LaunchStep : std::uint8_t { process, group, streams, working_dir, command };

struct LaunchError {
  LaunchStep step = LaunchStep::process;
  int error = 0;        ///< errno
  std::string message;  ///< e.g. "cannot start /no/such: No such file or directory (the command)"
};

/// A process that runs. The caller must reap it (Process does).
struct Launched {
  pid_t pid = -1;
  Fd pidfd;
};

/// Starts `spec.argv` as the leader of a new process group, which can be killed as a whole, without a controlling
/// terminal (it cannot stop on SIGTTIN nor ask a person for a password), with default signal dispositions, nothing
/// blocked and no other descriptor than 0, 1, 2 (and report_fd). Not in a new session: setsid(2) makes the kernel set
/// up a scheduling group of its own for each job (sched(7), autogroup), which doubled the CPU time of a launch here
/// and, on a busy machine, made it ten times as long.
///
/// Returns once the program is in place (execve succeeded): the calling thread is held for that long (20 to 60 us;
/// longer if the file must be read from a slow disk), independent of the size of this process. Any thread.
std::expected<Launched, LaunchError> launch(const LaunchSpec& spec, const LaunchContext& context = {});

/// The value of NAME in a list of "NAME=value", or `otherwise`.
std::string_view environment_value(const std::vector<std::string>& environment, std::string_view name,
                                   std::string_view otherwise = {}) noexcept;

/// The sentence for an errno, e.g. "No such file or directory".
std::string error_text(int error);

}  // namespace belfry::io
