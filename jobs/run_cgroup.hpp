// The control group of one attempt, or of one step of a flow: made before its program, gone after its last process.
//
// Loop thread. What touches the files of the group runs on a pool of two threads that all runs share, for the kernel
// may take its time; the program enters the group by itself (belfry-exec). A group in which something lives on, as
// kill_mode can ask for, is tried again whenever another one is taken away, and when a daemon starts.
#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "engine/action.hpp"
#include "io/cgroup.hpp"
#include "jobs/exec.hpp"

namespace belfry::jobs {

class RunCgroup {
 public:
  /// Makes it, with the limits of `spec`. The error is a sentence with advice. Cancellation: waits until it is
  /// there; then take_away().
  async::Task<std::expected<void, std::string>> make(const ExecSpec& spec, const engine::Attempt& attempt);

  /// The one that an earlier daemon made, if it is there, whatever `spec` says of groups by now; its limits are written
  /// again. Never throws but Cancelled.
  async::Task<> find(const ExecSpec& spec, const engine::Attempt& attempt);

  bool there() const noexcept { return group_.has_value(); }
  const std::string& path() const noexcept { return group_->path(); }

  struct End {
    io::Survivors survivors{};
    io::CgroupUsage usage{};
  };

  /// After the end of the program, which is not counted: ends what is left in the group unless kill_mode spares it,
  /// and takes the group away. REQUIRES: there().
  async::Task<End> end(pid_t leader);

  /// Whatever came between: nothing lives in it, and it is gone. Does nothing after end().
  async::Task<> take_away();

 private:
  std::optional<io::Cgroup> group_;
  bool spared_ = false;
};

/// Ends what lives in groups of earlier runs of this ledger, and takes those groups away; `is_live` is asked on the
/// loop, for each run of which a group is there. For the start of a daemon.
async::Task<> sweep_run_cgroups(std::string ledger_id, std::function<bool(ledger::RunId)> is_live);

/// The threads that the groups of all runs share. Whoever makes groups again and again holds on to them meanwhile.
std::shared_ptr<async::ThreadPool> run_cgroup_pool();

/// The name of the group; `spares`: what lives in it may stay.
std::string run_cgroup_name(const engine::Attempt& attempt, bool spares);

}  // namespace belfry::jobs
