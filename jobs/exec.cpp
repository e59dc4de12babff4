#include "jobs/exec.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/fault_point.hpp"
#include "io/launch.hpp"
#include "io/process_tree.hpp"
#include "jobs/exec_run.hpp"
#include "jobs/launch_plan.hpp"
#include "jobs/run_cgroup.hpp"
#include "jobs/run_environment.hpp"
#include "jobs/secrets.hpp"

namespace belfry::jobs {

namespace {

// For the steps after SIGKILL (the sweep): they take milliseconds unless the kernel is in trouble.
constexpr auto sweep_grace = std::chrono::seconds(15);

/// What an attempt has of its own beside its processes.
struct Belongings {
  RunSecrets secrets;
  RunCgroup group;
};

/// Whatever becomes of the body, nothing of them is left then.
template <class T>
async::Task<T> then_take_away(async::Task<T> body, Belongings& own) {
  std::optional<T> result;
  std::exception_ptr failure;
  try {
    result = co_await std::move(body);
  } catch (...) {
    failure = std::current_exception();
  }
  if (own.secrets.laid_out()) {
    auto taking_away = own.secrets.take_away();
    co_await async::shielded(std::move(taking_away), sweep_grace);
  }
  if (own.group.there()) {
    auto taking_away = own.group.take_away();
    co_await async::shielded(std::move(taking_away), sweep_grace);
  }
  if (failure) std::rethrow_exception(failure);
  co_return *std::move(result);
}

class ExecAction final : public engine::Action {
 public:
  explicit ExecAction(ExecSpec spec) : spec_(std::move(spec)), plan_(spec_) {
    if (spec_.needs_cgroup()) groups_ = run_cgroup_pool();
  }

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override;
  async::Task<std::optional<ledger::Outcome>> adopt(const engine::Attempt& attempt, const io::ProcessMark& process,
                                                    engine::Report& report) const override;

  std::string_view kind() const noexcept override { return "exec"; }

  /// Only the command's name of a list: an argument may hold a secret, though it should not.
  std::string describe() const override {
    if (std::holds_alternative<std::string>(spec_.command)) return spec_.shell + " -c ...";
    if (std::holds_alternative<Script>(spec_.command)) return "a script";
    const auto& argv = std::get<std::vector<std::string>>(spec_.command);
    return argv.empty() ? "nothing" : argv.front();
  }

 private:
  std::vector<std::string> environment_of(const engine::Attempt& attempt, const io::LaunchSpec& launch) const;
  async::Task<std::expected<void, std::string>> make_ready(Belongings& own, LaunchPlan::Completed& completed,
                                                           const engine::Attempt& attempt) const;
  async::Task<ledger::Outcome> run_with(Belongings& own, const engine::Attempt& attempt, engine::Report& report) const;
  async::Task<std::optional<ledger::Outcome>> adopt_with(Belongings& own, const engine::Attempt& attempt,
                                                         const io::ProcessMark& process, engine::Report& report) const;
  async::Task<> recall(Belongings& own, const engine::Attempt& attempt) const;
  async::Task<> to_the_end(ExecRun& run, std::string marker) const;

  ExecSpec spec_;
  LaunchPlan plan_;
  std::shared_ptr<async::ThreadPool> groups_;  // of its runs; null: they have none
};

/// The place in a trace that the job itself sets wins: whoever set it knows of a trace that we do not. It can only be
/// the job's, for ours is not inherited then.
std::vector<std::string> ExecAction::environment_of(const engine::Attempt& attempt,
                                                    const io::LaunchSpec& launch) const {
  std::vector<std::string> environment = run_environment(attempt);
  const auto is_place = [](const std::string& entry) { return entry.starts_with("TRACEPARENT="); };
  if (spec_.traced && std::ranges::none_of(launch.environment, is_place)) environment.push_back(trace_parent(attempt));
  if (spares(spec_.kill_mode)) environment.emplace_back(io::spared_marker);
  return environment;
}

async::Task<ledger::Outcome> ExecAction::run(const engine::Attempt& attempt, engine::Report& report) const {
  if (const io::LaunchSpec* launch = plan_.fixed(); launch != nullptr && spec_.secrets.empty()) {
    RunCgroup none;
    ExecRun run(spec_, attempt, report, none);  // no copy of it, no other coroutine: most jobs
    if (!run.start(*launch, environment_of(attempt, *launch))) co_return ledger::Outcome::start_error;
    co_await to_the_end(run, part_marker(attempt));
    co_return run.outcome();
  }
  Belongings own;
  auto running = run_with(own, attempt, report);
  const ledger::Outcome outcome = co_await then_take_away(std::move(running), own);
  co_return outcome;
}

async::Task<std::expected<void, std::string>> ExecAction::make_ready(Belongings& own, LaunchPlan::Completed& completed,
                                                                     const engine::Attempt& attempt) const {
  std::expected<void, std::string> ready;
  if (!spec_.secrets.empty()) {
    std::optional<SecretOwner> owner;
    if (completed.user) owner = {.uid = completed.user->uid, .gid = completed.user->gid};
    ready = co_await own.secrets.lay_out(spec_.secrets, spec_.secrets_folder, attempt, owner);
  }
  if (ready && hides(spec_.secrets, spec_.env_files)) {
    ready = co_await own.secrets.hide(std::move(completed.secret), spec_.secrets_folder, attempt);
  }
  co_return ready;
}

async::Task<ledger::Outcome> ExecAction::run_with(Belongings& own, const engine::Attempt& attempt,
                                                  engine::Report& report) const {
  if (spec_.needs_cgroup()) {
    const auto made = co_await own.group.make(spec_, attempt);
    if (!made) {
      report.message = "cannot start: " + made.error();
      co_return ledger::Outcome::start_error;
    }
  }
  auto completed = co_await plan_.complete(own.group.there() ? own.group.path() : std::string());
  if (!completed) {
    report.message = completed.error();
    co_return ledger::Outcome::start_error;
  }
  const auto ready = co_await make_ready(own, *completed, attempt);
  if (!ready) {
    report.message = "cannot start: " + ready.error();
    co_return ledger::Outcome::start_error;
  }
  own.secrets.add_to(completed->launch.environment);
  ExecRun run(spec_, attempt, report, own.group, own.secrets.hiding());
  if (!run.start(completed->launch, environment_of(attempt, completed->launch))) co_return run.outcome();
  co_await to_the_end(run, part_marker(attempt));
  co_return run.outcome();
}

async::Task<std::optional<ledger::Outcome>> ExecAction::adopt(const engine::Attempt& attempt,
                                                              const io::ProcessMark& process,
                                                              engine::Report& report) const {
  Belongings own;
  auto adopting = adopt_with(own, attempt, process, report);
  const std::optional<ledger::Outcome> outcome = co_await then_take_away(std::move(adopting), own);
  co_return outcome;
}

async::Task<std::optional<ledger::Outcome>> ExecAction::adopt_with(Belongings& own, const engine::Attempt& attempt,
                                                                   const io::ProcessMark& process,
                                                                   engine::Report& report) const {
  auto recalling = recall(own, attempt);
  co_await async::shielded(std::move(recalling), sweep_grace);  // who is cancelled here must be taken over all the same
  ExecRun run(spec_, attempt, report, own.group, own.secrets.hiding());
  auto taking_over = run.adopt(process, run_marker(attempt));
  const bool there = co_await async::shielded(std::move(taking_over), sweep_grace);
  if (!there) co_return std::nullopt;
  BELFRY_FAULT_POINT("exec.adopted");
  if (run.is_over()) co_return run.outcome();
  co_await to_the_end(run, part_marker(attempt));
  co_return run.outcome();
}

/// What its output must not show, and its control group.
async::Task<> ExecAction::recall(Belongings& own, const engine::Attempt& attempt) const {
  const bool expected = hides(spec_.secrets, spec_.env_files);
  co_await own.secrets.recall(spec_.secrets_folder, attempt, expected);
  co_await own.group.find(spec_, attempt);  // also of a job that has none any more: the one of this run must go
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
