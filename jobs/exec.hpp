// exec: runs a program, supervises its whole tree of processes, and keeps what it prints within a budget.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/action.hpp"
#include "io/cgroup.hpp"
#include "io/exec_shim.hpp"
#include "io/journal_feed.hpp"
#include "jobs/account.hpp"
#include "jobs/env_file.hpp"
#include "jobs/failure_signs.hpp"
#include "jobs/kill_mode.hpp"
#include "jobs/secrets.hpp"

namespace belfry::jobs {

/// Text that the program reads from its standard input, to its end.
struct StdinText {
  std::string text;
};

/// A file to be its standard input; relative to the working directory.
struct StdinFile {
  std::string path;
};

/// A text that an interpreter reads as a file. It is neither in an argument nor on a disk: the interpreter is given
/// io::script_path, and behind that a sealed memory file.
struct Script {
  std::string text;
  std::vector<std::string> interpreter{};  ///< with its arguments; empty: what the text's first line names behind #!,
                                           ///< else the shell
};

/// How an attempt ended, by what its program itself says, and not by its exit code, which is in the report if it is
/// known. It may change the report's message and exit code. Loop thread; never blocks.
using JudgeAnswer = std::function<ledger::Outcome(std::string_view answer, engine::Report& report)>;

struct ExecSpec {
  /// A text is run by the shell (`SHELL -c TEXT`); a list is run as it is, its first element searched in the job's
  /// PATH.
  std::variant<std::string, std::vector<std::string>, Script> command{};
  std::string shell = "/bin/sh";
  std::string working_dir{};                         ///< empty: the daemon's
  std::map<std::string, std::string> environment{};  ///< added to the daemon's, and wins over
  std::vector<EnvFile> env_files{};                  ///< these, which are read when a run starts
  std::vector<SecretSource> secrets{};               ///< laid out in files when a run starts; see RunSecrets
  std::string secrets_folder{};                      ///< below which; in memory; empty only if there never are any
  bool clear_environment = false;                    ///< true: nothing is inherited but PATH
  bool traced = false;  ///< true: TRACEPARENT is the attempt's, unless `environment` or `env_files` have one
  std::variant<std::monostate, StdinText, StdinFile> standard_input{};  ///< monostate: /dev/null
  KillMode kill_mode = KillMode::tree;                                  ///< who is ended with it
  int kill_signal = SIGTERM;                                            ///< what a cancelled run gets first
  std::chrono::nanoseconds kill_grace = std::chrono::seconds(10);       ///< and how long after it SIGKILL follows
  std::size_t output_budget = std::size_t{1} << 20U;  ///< bytes kept of each stream: its first and its last half
  std::set<int> success_exit_codes = {0};
  std::shared_ptr<io::JournalFeed> journal{};  ///< not null: each line that it prints is sent there, too
  FailureSigns failure_signs{};                ///< in what it prints, all of it: then such an exit code is a failure
  io::ShimSteps steps{};                       ///< umask, nice and so on: if there is one, belfry-exec is put in front
  /// What all its processes may use together; not empty: each run has a control group of its own.
  io::CgroupLimits cgroup{};
  /// Whom it runs as; looked up when a run starts. It enters the working directory with the user's rights, and has
  /// HOME, LOGNAME, USER and SHELL unless `environment` has them.
  std::optional<AccountRequest> user{};
  /// Not empty: the program finds an empty memory file at io::script_path, which its arguments must name, writes there
  /// how it ended, and this is asked when it has exited (not: was ended by a signal), also when it wrote nothing. So an
  /// adopted program that wrote something is never `lost`: the exit status is not needed. At most the first 8 KiB are
  /// read. Not with a Script.
  JudgeAnswer judge_answer{};

  bool needs_cgroup() const noexcept { return !cgroup.empty() || kill_mode == KillMode::cgroup; }
  bool needs_shim() const noexcept { return steps.needed() || user || needs_cgroup(); }
};

/// An action that runs the program. The environment of the process, and the place of belfry-exec if it is needed, are
/// looked up now; any thread, but no other may change the environment meanwhile.
///
/// What a run does: starts the program in a process group of its own, with the variables of run_environment(); reads
/// both streams; waits for its end, then up
/// to half a second for the end of its output (someone else may hold it open: lingering_pipe); kills what it left
/// behind, as far as kill_mode says (orphans; the message names them). Outcome: success, failure (another exit code),
/// killed (a signal), start_error (see message). Cancellation: kill_signal to the process group, SIGKILL after
/// kill_grace (CancelReason::replaced: at once), the sweep; then the report is complete and Cancelled passes.
///
/// The values of `secrets`, and of those `env_files` that are secret, are replaced by *** in what it prints, before
/// anything else sees it.
///
/// A program outlives a daemon that is killed: its output waits in the pipes meanwhile (when they are full, so does the
/// program). adopt() goes on reading where the pipes are now, behind what Report::kept_output and kept_error still hold
/// of the output read before: its first and its last kilobytes, and how much it was. Only what was being read at the
/// very moment of the kill may be missing from that. The limits of the output, kill_signal and the like are those of
/// this action, not of the one that started it. The exit status: see io::Process::adopt().
std::shared_ptr<const engine::Action> make_exec(ExecSpec spec);

}  // namespace belfry::jobs
