// launch(): starts a program at the cost of a vfork, without the wait.
//
// The lowest step, plain and synchronous; Process (process.hpp) adds waiting, killing and the sweep of its tree.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/fd.hpp"
#include "io/process_mark.hpp"

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
  int script = -1;                             ///< becomes descriptor 4 (script_fd), for an interpreter; -1: none
  bool held = false;                           ///< the program does not begin before Launched::release()
  std::span<const std::string> environment{};  ///< more "NAME=value", beside those of the spec
};

/// The number under which LaunchContext::report arrives.
inline constexpr int report_fd = 3;

/// The number under which LaunchContext::script arrives, and the name by which the program opens it anew.
inline constexpr int script_fd = 4;
inline constexpr std::string_view script_path = "/proc/self/fd/4";

/// Where starting failed.
enum class LaunchStep : std::uint8_t { process, group, streams, working_dir, command };

struct LaunchError {
  LaunchStep step = LaunchStep::process;
  int error = 0;        ///< errno
  std::string message;  ///< e.g. "cannot start /no/such: No such file or directory (the command)"
};

struct ChildAnswer;

/// What becomes of standard output and error, which are pipes, when this process goes and its program does not.
enum class Streams : std::uint8_t {
  kept,     ///< somebody else holds their reading ends as well
  lasting,  ///< the program's ends are opened for reading, too: a pipe does not break (SIGPIPE), another process can
            ///< read /proc/PID/fd/1, and it ends as ever with its last writer. Costs the new process some 30 us
};

/// A process on its way to its program. The caller must reap it (Process does).
struct Launched {
  pid_t pid = -1;
  Fd pidfd;
  std::shared_ptr<ChildAnswer> answer;
  std::uint64_t start_ticks = 0;  ///< 0: mark() asks /proc

  /// Lets the program of a held launch begin, which has got ready meanwhile: what must not come too late for it, like
  /// who holds its pipes, is done between launch() and this. One that is not released waits, unless this process dies:
  /// then it begins, with lasting streams. Once. (Where it cannot be held, on processors other than x86-64 and aarch64,
  /// its streams last.)
  void release(Streams streams) const noexcept;

  /// Why it did not become its program; nothing: it did, or a signal ended it before. REQUIRES: it has ended (its
  /// status is 127 then).
  std::optional<LaunchError> failure() const;

  /// Which process it is. REQUIRES: it has not been reaped.
  ProcessMark mark() const;
};

/// Starts `spec.argv` as the leader of a new process group, which can be killed as a whole, without a controlling
/// terminal (it cannot stop on SIGTTIN nor ask a person for a password), with default signal dispositions, nothing
/// blocked and no other descriptor than 0, 1, 2 (and report_fd and script_fd, if they are given). Not in a new session:
/// setsid(2) makes the kernel set up a scheduling group of its own for each job (sched(7), autogroup), which doubled
/// the CPU time of a launch here and, on a busy machine, made it ten times as long.
///
/// Returns as soon as there is a process, which gets ready and calls execve beside us: neither a slow disk nor a dead
/// file server holds the caller. Whether it became the program is known when it has ended: Launched::failure().
/// All that is given may be let go of at once: strings are copied, descriptors are handed over. When sixteen launches
/// are on their way already, it waits for the first of them, some milliseconds at most. An error here: there is no
/// process. Any thread; the costs do not depend on the size of this process.
std::expected<Launched, LaunchError> launch(const LaunchSpec& spec, const LaunchContext& context = {});

/// The value of NAME in a list of "NAME=value", or `otherwise`.
std::string_view environment_value(const std::vector<std::string>& environment, std::string_view name,
                                   std::string_view otherwise = {}) noexcept;

/// The sentence for an errno, e.g. "No such file or directory".
std::string error_text(int error);

}  // namespace belfry::io
