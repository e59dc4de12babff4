// What a run does, as the engine sees it. The kinds (exec, file, native) live in jobs/.
#pragma once

#include <any>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "engine/progress.hpp"
#include "engine/watch.hpp"
#include "io/fd_keeper.hpp"
#include "io/process_mark.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

class Approvals;  // approvals.hpp

/// What an action is told about the attempt that it carries out.
struct Attempt {
  std::string_view job;
  ledger::RunId run = 0;
  int number = 1;  ///< 1 for the first
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<ledger::WallTime> scheduled_at;  ///< the slot; none for a run by hand
  ledger::WallTime started_at;
  ledger::Duration delay{};                            ///< from the slot to the start of the run; 0: by hand
  std::optional<ledger::WallTime> previous_success{};  ///< when the job's last success ended; none: it never had one
  std::string_view ledger_id{};  ///< tells this ledger's run 7 from that of another belfryd; may be empty
  std::string_view part{};  ///< which of the actions of a flow, no two at a time have the same; empty: it is the run
  Approvals* approvals = nullptr;  ///< where a step asks a person; null: there is nobody who could be asked
  std::any* carried = nullptr;  ///< where an attempt leaves what the next one of the same run may want; null: nowhere
  const WatchedFiles* files = nullptr;  ///< what the job's watch has noticed; null: it is not about files
};

/// What an action leaves behind. It is filled in while the action runs, so that an attempt which is cut short by a
/// timeout or a cancellation still has its output, exit code and usage on record.
struct Report {
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string message;
  std::string aftermath;  ///< what came to light when it had ended, such as who outlived it; goes behind any message
  ledger::ResourceUsage usage;
  ledger::CapturedStream standard_output;
  ledger::CapturedStream standard_error;
  int orphans = 0;
  bool lingering_pipe = false;
  bool for_good = false;  ///< another attempt would change nothing, as when a person has said no: there is none

  /// Set by the engine before the attempt: an action that carries it out by a process calls it once, as soon as there
  /// is one, so that a later daemon can adopt() it. Empty: nobody wants to know. Never throws, never blocks.
  std::move_only_function<void(const io::ProcessMark&)> launched{};
  /// Set by the engine before the attempt: memory that outlives this process, where the action keeps the ends of what
  /// is printed (io/output_mirror.hpp); all zero for run(), as the earlier daemon left it for adopt(). Stays until the
  /// attempt has ended. Empty: there is none.
  std::span<std::byte> kept_output{};
  std::span<std::byte> kept_error{};
  /// Set by the engine before the attempt: gives duplicates of descriptors (at most 8 at a time; the labels are the
  /// action's own) into a keeping that outlives this process; `large`: they hold much memory. False: they are not kept.
  /// Empty: there is no such keeping. Never throws, never blocks.
  std::move_only_function<bool(std::span<const io::LabelledFd> fds, bool large)> keep{};
  /// Set by the engine for adopt(): what the earlier daemon gave so.
  std::vector<io::KeptFd> kept{};

  /// Set by the engine before the attempt: an action of several steps tells of the end of each. `run`, `job` and
  /// `attempt` are filled in by the engine. Empty: nobody wants to know. Never throws, never blocks.
  std::move_only_function<void(ledger::StepEnded)> step_ended{};

  /// Set by the engine before the attempt: an action that takes long tells how far it has come, on the loop, as often
  /// as it likes: observers are told once a second at most. Empty: nobody wants to know. Never throws, never blocks.
  std::move_only_function<void(const Progress&)> progress{};
};

/// The message, or another one in its place, with the aftermath behind it.
std::string with_aftermath(std::string message, const Report& report);

/// One kind of work with its parameters; immutable, shared by all runs of the job.
class Action {
 public:
  virtual ~Action() = default;

  /// Does the work once. Resumes on the loop; never blocks it. Ends with success, failure, killed or start_error; an
  /// exception counts as failure with its message. When the attempt's scope is cancelled (timeout, by hand, shutdown)
  /// it must end all that it started, fill in the report, and let async::Cancelled pass.
  ///
  /// CancelReason::replaced: a newer slot waits for its place, so what runs is killed at once, without any grace.
  virtual async::Task<ledger::Outcome> run(const Attempt& attempt, Report& report) const = 0;

  /// Goes on with an attempt that an earlier daemon started in `process` (what Report::launched was told; of number 0
  /// when that daemon was killed before it could tell), of this or of an earlier declaration of the job. Nothing, soon:
  /// the process has gone, or this kind of action cannot be taken over; then the attempt's end is unknown, and
  /// report.message may say what is known. Else as run(), with the same words for the same ends; an end whose status
  /// the kernel does not tell is `lost`, with a message that says what is known. The output goes on where it was: see
  /// Report::kept_output and Report::kept.
  virtual async::Task<std::optional<ledger::Outcome>> adopt(const Attempt& attempt, const io::ProcessMark& process,
                                                            Report& report) const;

  virtual std::string_view kind() const noexcept = 0;  ///< "exec", "file", "native"
  virtual std::string describe() const = 0;            ///< one line for a person; holds no secret
};

}  // namespace belfry::engine
