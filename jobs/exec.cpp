#include "jobs/exec.hpp"

#include <unistd.h>

#include <exception>
#include <optional>
#include <utility>

#include "async/cancel.hpp"
#include "async/fault_point.hpp"
#include "io/exec_path.hpp"
#include "io/launch.hpp"
#include "jobs/exec_run.hpp"
#include "jobs/run_environment.hpp"

namespace belfry::jobs {

namespace {

// For the steps after SIGKILL (the sweep): they take milliseconds unless the kernel is in trouble.
constexpr auto sweep_grace = std::chrono::seconds(10);

std::vector<std::string> argv_of(const ExecSpec& spec) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&spec.command)) return *list;
  return {spec.shell, "-c", std::get<std::string>(spec.command)};
}

class ExecAction final : public engine::Action {
 public:
  explicit ExecAction(ExecSpec spec) : spec_(std::move(spec)) {
    launch_.argv = argv_of(spec_);
    launch_.working_dir = spec_.working_dir;
    launch_.environment = base_environment(spec_.environment, spec_.clear_environment, spec_.traced);
    if (!spec_.steps.needed()) return;
    const auto shim = io::find_shim();
    if (shim) {
      launch_.argv = io::shim_command(*shim, spec_.steps, launch_.argv);
    } else {
      no_shim_ = shim.error();
    }
  }

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override;
  async::Task<std::optional<ledger::Outcome>> adopt(const engine::Attempt& attempt, const io::ProcessMark& process,
                                                    engine::Report& report) const override;

  std::string_view kind() const noexcept override { return "exec"; }

  /// Only the command's name of a list: an argument may hold a secret, though it should not.
  std::string describe() const override {
    if (std::holds_alternative<std::string>(spec_.command)) return spec_.shell + " -c ...";
    const auto& argv = std::get<std::vector<std::string>>(spec_.command);
    return argv.empty() ? "nothing" : argv.front();
  }

 private:
  std::vector<std::string> environment_of(const engine::Attempt& attempt) const;
  async::Task<> to_the_end(ExecRun& run, std::string marker) const;

  ExecSpec spec_;
  io::LaunchSpec launch_;
  std::string no_shim_;
};

async::Task<ledger::Outcome> ExecAction::run(const engine::Attempt& attempt, engine::Report& report) const {
  if (!no_shim_.empty()) {
    report.message = no_shim_;
    co_return ledger::Outcome::start_error;
  }
  ExecRun run(spec_, report);
  if (!run.start(launch_, environment_of(attempt))) co_return ledger::Outcome::start_error;
  co_await to_the_end(run, run_marker(attempt));
  co_return run.outcome();
}

/// The place in a trace that the job itself sets wins: whoever set it knows of a trace that we do not.
std::vector<std::string> ExecAction::environment_of(const engine::Attempt& attempt) const {
  std::vector<std::string> environment = run_environment(attempt);
  if (spec_.traced && !spec_.environment.contains("TRACEPARENT")) environment.push_back(trace_parent(attempt));
  return environment;
}

async::Task<std::optional<ledger::Outcome>> ExecAction::adopt(const engine::Attempt& attempt,
                                                              const io::ProcessMark& process,
                                                              engine::Report& report) const {
  ExecRun run(spec_, report);
  auto taking_over = run.adopt(process, run_marker(attempt));
  const bool there = co_await async::shielded(std::move(taking_over), sweep_grace);
  if (!there) co_return std::nullopt;
  BELFRY_FAULT_POINT("exec.adopted");
  if (run.is_over()) co_return run.outcome();
  co_await to_the_end(run, run_marker(attempt));
  co_return run.outcome();
}

/// Waits for the end, or brings it about when it is cancelled; then the report is complete, and Cancelled passes.
async::Task<> ExecAction::to_the_end(ExecRun& run, std::string marker) const {
  std::exception_ptr interrupted;
  std::optional<async::CancelReason> reason;
  try {
    co_await run.ended();
  } catch (const async::Cancelled& cancelled) {
    interrupted = std::current_exception();
    reason = cancelled.reason();
  }
  BELFRY_FAULT_POINT("exec.ended");
  auto finish = run.finish(reason, std::move(marker));
  co_await async::shielded(std::move(finish), spec_.kill_grace + sweep_grace);
  BELFRY_FAULT_POINT("exec.finished");
  if (interrupted) std::rethrow_exception(interrupted);
}

}  // namespace

std::shared_ptr<const engine::Action> make_exec(ExecSpec spec) { return std::make_shared<ExecAction>(std::move(spec)); }

}  // namespace belfry::jobs
