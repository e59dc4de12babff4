// What is launched for an action: made up once where that is possible, else completed by each run, beside the loop.
//
// Private to exec.cpp.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "io/launch.hpp"
#include "jobs/exec.hpp"
#include "jobs/run_environment.hpp"

namespace belfry::jobs {

class LaunchPlan {
 public:
  /// Reads this process's environment and looks for belfry-exec. `spec` is borrowed.
  explicit LaunchPlan(const ExecSpec& spec);

  /// What to launch, and as whom if it is somebody else than we are.
  struct Completed {
    io::LaunchSpec launch;
    std::optional<io::ShimUser> user{};
    Variables secret{};  ///< of what `launch` was given of files: what is to be hidden
  };

  /// It is the same for every run, or, if `spec` names a user or files, with what they are now; each file is read once.
  /// The error is a sentence that says what is at fault. `cgroup`: the folder of the control group that it enters; may
  /// be empty. Cancellation: a lookup that is under way ends alone; reading a file is waited for.
  async::Task<std::expected<Completed, std::string>> complete(std::string cgroup) const;

  /// The same where nothing is to be looked up; null: complete() must be asked.
  const io::LaunchSpec* fixed() const noexcept { return fixed_ ? &launch_ : nullptr; }

 private:
  io::LaunchSpec launch_with(io::ShimSteps steps, const Variables& of_user, const Variables& of_files) const;
  const ExecSpec& spec_;
  Variables inherited_;  // unless it is fixed
  std::string shim_;
  std::string problem_;  // why nothing can be launched; empty: nothing is known against it
  bool fixed_ = false;
  std::shared_ptr<async::ThreadPool> lookups_;  // of its user; null: it names none
  io::LaunchSpec launch_;
};

}  // namespace belfry::jobs
