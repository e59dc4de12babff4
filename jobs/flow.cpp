#include "jobs/flow.hpp"

#include <exception>
#include <utility>

#include "async/cancel.hpp"
#include "async/timeout.hpp"
#include "io/foreign_tree.hpp"
#include "jobs/flow_graph.hpp"
#include "jobs/flow_run.hpp"
#include "jobs/run_cgroup.hpp"

namespace belfry::jobs {

namespace {

// For ending the processes of an earlier daemon: milliseconds, unless the kernel is in trouble.
constexpr auto sweep_grace = std::chrono::seconds(10);

std::vector<std::vector<std::size_t>> needs_of(const FlowSpec& spec) {
  std::vector<std::vector<std::size_t>> needs;
  needs.reserve(spec.steps.size());
  for (const FlowStep& step : spec.steps) needs.push_back(step.needs);
  return needs;
}

class FlowAction final : public engine::Action {
 public:
  explicit FlowAction(FlowSpec spec) : spec_(std::move(spec)), depends_(all_needed(needs_of(spec_))) {
    for (const FlowStep& step : spec_.steps) has_finally_ = has_finally_ || step.finally;
  }

  async::Task<ledger::Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override;
  async::Task<std::optional<ledger::Outcome>> adopt(const engine::Attempt& attempt, const io::ProcessMark& process,
                                                    engine::Report& report) const override;
  std::string_view kind() const noexcept override { return "flow"; }
  std::string describe() const override { return std::to_string(spec_.steps.size()) + " steps"; }

 private:
  async::Task<> run_finally(FlowRun& run) const;

  FlowSpec spec_;
  std::vector<std::vector<bool>> depends_;
  bool has_finally_ = false;
};

async::Task<ledger::Outcome> FlowAction::run(const engine::Attempt& attempt, engine::Report& report) const {
  FlowRun run(spec_, depends_, attempt, report);
  std::exception_ptr interrupted;
  bool at_once = false;
  try {
    co_await run.run_steps(false);
  } catch (const async::Cancelled& cancelled) {
    interrupted = std::current_exception();
    at_once = cancelled.reason() == async::CancelReason::replaced;
    run.note_cut_short();
  }
  if (has_finally_ && !at_once) {
    try {
      co_await async::shielded(run_finally(run), spec_.finally_timeout);
    } catch (const async::Cancelled&) {
      if (!interrupted) interrupted = std::current_exception();
    }
  }
  const ledger::Outcome outcome = run.finish();
  if (interrupted) std::rethrow_exception(interrupted);
  co_return outcome;
}

async::Task<> FlowAction::run_finally(FlowRun& run) const {
  const bool whole = co_await async::move_on_after(spec_.finally_timeout, run.run_steps(true));
  if (!whole) run.note_late_finally();
}

async::Task<std::optional<ledger::Outcome>> FlowAction::adopt(const engine::Attempt& attempt, const io::ProcessMark&,
                                                              engine::Report& report) const {
  auto ending = io::kill_foreign_tree({.leader = {}, .marker = run_marker(attempt)});
  const io::Survivors survivors = co_await async::shielded(std::move(ending), sweep_grace);
  report.orphans = survivors.count();
  auto sweeping = sweep_run_cgroups(std::string(attempt.ledger_id),
                                    [run = attempt.run](ledger::RunId other) { return other != run; });
  co_await async::shielded(std::move(sweeping), sweep_grace);
  report.message = "belfryd was killed while it ran, so how it would have ended is unknown; ";
  report.message += report.orphans == 0
                        ? "no process of its steps was left"
                        : std::to_string(report.orphans) + " processes of its steps were left, and have been ended";
  co_return std::nullopt;
}

}  // namespace

std::string FlowItem::label() const {
  if (item) return *item;
  std::string label;
  for (const auto& [name, value] : matrix) label += (label.empty() ? "" : ", ") + name + "=" + value;
  return label;
}

std::string matrix_variable(std::string_view name) {
  std::string variable = "BELFRY_MATRIX_";
  for (const char c : name) {
    variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  }
  return variable;
}

std::shared_ptr<const engine::Action> make_flow(FlowSpec spec) { return std::make_shared<FlowAction>(std::move(spec)); }

}  // namespace belfry::jobs
