// What a run does, as the engine sees it. The kinds (exec, file, native) live in jobs/.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

/// What an action is told about the attempt that it carries out.
struct Attempt {
  std::string_view job;
  ledger::RunId run = 0;
  int number = 1;  ///< 1 for the first
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<ledger::WallTime> scheduled_at;  ///< the slot; none for a run by hand
  ledger::WallTime started_at;
};

/// What an action leaves behind. It is filled in while the action runs, so that an attempt which is cut short by a
/// timeout or a cancellation still has its output, exit code and usage on record.
struct Report {
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string message;
  ledger::ResourceUsage usage;
  ledger::CapturedStream standard_output;
  ledger::CapturedStream standard_error;
  int orphans = 0;
  bool lingering_pipe = false;
};

/// One kind of work with its parameters; immutable, shared by all runs of the job.
class Action {
 public:
  virtual ~Action() = default;

  /// Does the work once. Resumes on the loop; never blocks it. Ends with success, failure, killed or start_error; an
  /// exception counts as failure with its message. When the attempt's scope is cancelled (timeout, by hand, shutdown)
  /// it must end all that it started, fill in the report, and let async::Cancelled pass.
  virtual async::Task<ledger::Outcome> run(const Attempt& attempt, Report& report) const = 0;

  virtual std::string_view kind() const noexcept = 0;  ///< "exec", "file", "native"
  virtual std::string describe() const = 0;            ///< one line for a person; holds no secret
};

}  // namespace belfry::engine
