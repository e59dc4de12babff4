#include "jobs/flow_run.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "async/concurrent_map.hpp"
#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/task_group.hpp"
#include "async/timeout.hpp"
#include "engine/retry.hpp"
#include "jobs/run_ids.hpp"
#include "time/duration.hpp"

namespace belfry::jobs {

namespace {

using ledger::Outcome;

ledger::WallTime now() { return async::Loop::current().wall_now(); }

std::string in_quotes(const std::string& text) { return "\"" + text + "\""; }

/// A number in [0, 1) that differs from try to try.
double spread_of(const std::string& what) {
  return static_cast<double>(std::hash<std::string>{}(what) >> 11U) * 0x1.0p-53;
}

/// What a program printed must not look like a title of ours, nor reach a terminal as a command.
std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

FlowResult failure(Outcome outcome, std::string message) {
  return {.ended = true, .outcome = outcome, .message = std::move(message)};
}

}  // namespace

/// What a step, with the values for which it runs, may ask about the others.
class FlowRun::Facts final : public FlowFacts {
 public:
  Facts(const FlowRun& run, std::size_t asking, const FlowItem* values) : run_(run), asking_(asking), values_(values) {}

  std::string value_of(const FlowReference& reference) const override {
    switch (reference.what) {
      case FlowReference::What::item:
        return values_ != nullptr ? values_->item.value_or("") : "";
      case FlowReference::What::matrix: {
        if (values_ == nullptr) return "";
        const auto found = values_->matrix.find(reference.name);
        return found == values_->matrix.end() ? "" : found->second;
      }
      case FlowReference::What::outcome: {
        const FlowResult& result = run_.results_[run_.numbers_.at(reference.step)];
        return result.outcome ? std::string(to_string(*result.outcome)) : "skipped";
      }
      case FlowReference::What::output: {
        const auto& outputs = run_.results_[run_.numbers_.at(reference.step)].outputs;
        const auto found = outputs.find(reference.name);
        return found == outputs.end() ? "" : found->second;
      }
    }
    return "";
  }

  bool succeeded(const std::string& step) const override {
    if (!step.empty()) {
      const FlowResult& result = run_.results_[run_.numbers_.at(step)];
      return result.well && result.outcome.has_value();
    }
    const FlowStep& asking = run_.spec_.steps[asking_];
    if (asking.finally) return !failed("");
    return std::ranges::all_of(asking.needs, [this](std::size_t needed) { return run_.results_[needed].well; });
  }

  bool failed(const std::string& step) const override {
    if (!step.empty()) return run_.results_[run_.numbers_.at(step)].failed();
    const bool finally = run_.spec_.steps[asking_].finally;
    if (finally && run_.cut_short_) return true;
    for (std::size_t i = 0; i < run_.results_.size(); ++i) {
      const bool counts = run_.depends_[asking_][i] || (finally && !run_.spec_.steps[i].finally);
      if (counts && run_.results_[i].failed() && !run_.results_[i].well) return true;
    }
    return false;
  }

 private:
  const FlowRun& run_;
  std::size_t asking_;
  const FlowItem* values_;
};

FlowRun::FlowRun(const FlowSpec& spec, const std::vector<std::vector<bool>>& depends, const engine::Attempt& attempt,
                 engine::Report& report)
    : spec_(spec),
      depends_(depends),
      attempt_(attempt),
      report_(report),
      results_(spec.steps.size()),
      ended_(spec.steps.size()),
      places_(spec.max_parallel),
      transcript_(spec.output_budget) {
  for (std::size_t i = 0; i < spec.steps.size(); ++i) numbers_.emplace(spec.steps[i].id, i);
  const auto* memory = attempt.carried != nullptr ? std::any_cast<FlowMemory>(attempt.carried) : nullptr;
  auto remembered = memory != nullptr ? memory->results_for(spec) : std::vector<FlowResult>();
  if (!remembered.empty()) results_ = std::move(remembered);
}

async::Task<> FlowRun::run_steps(bool finally) {
  const auto body = [this, finally](async::TaskGroup& group) -> async::Task<> {
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      if (spec_.steps[i].finally != finally) continue;
      group.start(run_step(i), async::SpawnOptions("step " + spec_.steps[i].id).kind("step"));
    }
    co_return;
  };
  co_await async::with_task_group(body);
}

async::Task<> FlowRun::run_step(std::size_t number) {
  for (const std::size_t needed : spec_.steps[number].needs) {
    async::Event& before = ended_[needed];
    co_await before.wait();
  }
  if (results_[number].ended) {  // by the attempt before this one
    ended_[number].set();
    co_return;
  }
  std::optional<FlowResult> skip = skipped(number);
  if (skip) {
    end(number, *std::move(skip));
    co_return;
  }
  FlowResult result = co_await run_items(number);
  end(number, std::move(result));
}

/// Nothing: it runs.
std::optional<FlowResult> FlowRun::skipped(std::size_t number) const {
  const FlowStep& step = spec_.steps[number];
  const bool asks = step.condition && step.condition->is_about_results();
  if (!asks && !step.finally) {
    for (const std::size_t needed : step.needs) {
      if (results_[needed].well) continue;
      const std::string how = results_[needed].outcome ? " did not end well" : " was skipped";
      return FlowResult{.ended = true, .message = "skipped: step " + in_quotes(spec_.steps[needed].id) + how};
    }
  }
  if (!step.condition || step.condition->holds(Facts(*this, number, nullptr))) return std::nullopt;
  return FlowResult{.ended = true, .well = true, .message = "skipped: its condition does not hold"};
}

async::Task<FlowResult> FlowRun::run_items(std::size_t number) {
  const FlowStep& step = spec_.steps[number];
  std::vector<FlowItem> items = step.items;
  if (step.items_from) {
    for (std::string& item : flow_items(Facts(*this, number, nullptr).value_of(*step.items_from))) {
      items.push_back({.item = std::move(item)});
    }
    if (items.empty()) co_return FlowResult{.ended = true, .well = true, .message = "skipped: its list is empty"};
    if (items.size() > most_flow_items) {
      co_return failure(Outcome::start_error, "its list has " + std::to_string(items.size()) + " items; the most is " +
                                                  std::to_string(most_flow_items));
    }
  }
  if (items.empty()) {
    const FlowItem once;
    FlowResult result = co_await run_item(number, 0, once);
    co_return result;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {  // it would end an argument or a variable too early
    if (!items[i].label().contains('\0')) continue;
    co_return failure(Outcome::start_error, "item " + std::to_string(i + 1) + " of its list has a zero byte in it");
  }
  std::vector<std::size_t> places(items.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  auto one = [&](std::size_t place) { return run_item(number, place + 1, items[place]); };
  std::vector<FlowResult> results = co_await async::concurrent_map(step.max_parallel, std::move(places), one);
  co_return joined(number, items, std::move(results));
}

FlowResult FlowRun::joined(std::size_t number, const std::vector<FlowItem>& items,
                           std::vector<FlowResult> results) const {
  FlowResult all{.ended = true, .outcome = Outcome::success};
  std::size_t failures = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].failed() || ++failures > 1) continue;
    all.outcome = results[i].outcome;
    all.exit_code = results[i].exit_code;
    all.message = in_quotes(items[i].label()) + ": " + results[i].message;
  }
  if (failures > 0) {
    all.message = std::to_string(failures) + " of " + std::to_string(results.size()) +
                  " items did not end well; the first, " + all.message;
  }
  for (const FlowOutput& output : spec_.steps[number].outputs) {
    std::vector<std::string> values;
    values.reserve(results.size());
    for (FlowResult& result : results) values.push_back(std::move(result.outputs[output.name()]));
    std::string array = flow_array(values);
    if (array.size() > most_flow_values) {
      return failure(Outcome::failure, "the values of its output " + in_quotes(output.name()) + " have " +
                                           std::to_string(array.size()) + " bytes together; the most is " +
                                           std::to_string(most_flow_values));
    }
    all.outputs.emplace(output.name(), std::move(array));
  }
  return all;
}

async::Task<FlowResult> FlowRun::run_item(std::size_t number, std::size_t item, const FlowItem& values) {
  const FlowStep& step = spec_.steps[number];
  for (int count = 1;; ++count) {
    std::optional<async::Semaphore::Permit> place;
    if (!step.approval) place = co_await places_.acquire();
    FlowResult result = co_await try_once({.step = number, .item = item, .number = count, .started_at = now()}, values);
    place.reset();
    if (!engine::wants_retry(step.retry, count, result.outcome.value_or(Outcome::success), result.exit_code)) {
      co_return result;
    }
    const std::string what =
        step.id + "/" + std::to_string(attempt_.run) + "/" + std::to_string(item) + "/" + std::to_string(count);
    const auto pause = engine::retry_delay(step.retry, count, spread_of(what));
    co_await async::sleep(pause);
  }
}

async::Task<FlowResult> FlowRun::try_once(Try current, const FlowItem& values) {
  const FlowStep& step = spec_.steps[current.step];
  const Facts facts(*this, current.step, &values);
  engine::Report report;
  FlowResult result{.ended = true, .outcome = Outcome::failure};
  const std::string part = step_part(attempt_.number, step.id, static_cast<int>(current.item), current.number);
  engine::Attempt attempt = attempt_;
  attempt.part = part;
  attempt.started_at = current.started_at;
  attempt.carried = nullptr;
  try {
    const auto action = step.make([&facts](const FlowReference& reference) { return facts.value_of(reference); },
                                  variables(current, values));
    if (action) {
      result.outcome = co_await act(step, **action, attempt, report);
    } else {
      result.outcome = Outcome::start_error;
      report.message = action.error();
    }
  } catch (const async::Cancelled&) {
    result.outcome = Outcome::cancelled;
    report.message = "the flow was ended";
    record(current, values, report, result);
    results_[current.step] = failure(Outcome::cancelled, report.message);  // finally steps ask
    throw;
  } catch (const std::exception& error) {
    report.message = error.what();
  }
  if (result.outcome == Outcome::success) take_outputs(step, report, result);
  if (result.message.empty()) result.message = report.message;
  result.exit_code = report.exit_code;
  result.for_good = report.for_good;
  if (step.approval && result.outcome == Outcome::timeout) undecided(current, result);
  if (result.outcome) record(current, values, report, result);
  co_return result;
}

async::Task<Outcome> FlowRun::act(const FlowStep& step, const engine::Action& action, const engine::Attempt& attempt,
                                  engine::Report& report) const {
  if (!step.timeout) {
    const Outcome outcome = co_await action.run(attempt, report);
    co_return outcome;
  }
  const std::optional<Outcome> outcome = co_await async::move_on_after(*step.timeout, action.run(attempt, report));
  if (outcome) co_return *outcome;
  report.message = "ran past its timeout of " + time::format_duration(*step.timeout) + " and was ended";
  co_return Outcome::timeout;
}

/// Nobody has said yes or no in time.
void FlowRun::undecided(const Try& current, FlowResult& result) const {
  const FlowStep& step = spec_.steps[current.step];
  result.message = "nobody decided within " + time::format_duration(*step.timeout);
  if (*step.approval == ApprovalTimeout::approve) result.outcome = Outcome::success;
  if (*step.approval != ApprovalTimeout::skip) return;
  result.message = "skipped: " + result.message;
  result.outcome.reset();
  result.began_at = current.started_at;
}

Variables FlowRun::variables(const Try& current, const FlowItem& values) const {
  Variables variables{{"BELFRY_STEP", spec_.steps[current.step].id},
                      {"BELFRY_STEP_ATTEMPT", std::to_string(current.number)}};
  if (values.item) variables.emplace("BELFRY_ITEM", *values.item);
  for (const auto& [name, value] : values.matrix) variables.emplace(matrix_variable(name), value);
  return variables;
}

void FlowRun::take_outputs(const FlowStep& step, const engine::Report& report, FlowResult& result) const {
  for (const FlowOutput& output : step.outputs) {
    auto found = output.find_in(report.standard_output);
    if (!found) {
      result.outcome = Outcome::failure;
      result.message = "its output " + in_quotes(output.name()) + " has no value: " + found.error();
      result.outputs.clear();
      return;
    }
    result.outputs.emplace(output.name(), *std::move(found));
  }
}

void FlowRun::record(const Try& current, const FlowItem& values, const engine::Report& report,
                     const FlowResult& result) {
  const std::string label = values.label();
  report_.usage.add(report.usage);
  report_.orphans += report.orphans;
  report_.lingering_pipe = report_.lingering_pipe || report.lingering_pipe;
  std::string title = "step " + spec_.steps[current.step].id;
  if (!label.empty()) title += " (" + on_one_line(label) + ")";
  if (current.number > 1) title += ", try " + std::to_string(current.number);
  transcript_.add(title + ": " + std::string(to_string(result.outcome.value_or(Outcome::success))), report);
  if (!report_.step_ended) return;
  report_.step_ended(
      {.step = spec_.steps[current.step].id,
       .item = static_cast<int>(current.item),
       .label = label,
       .number = current.number,
       .started_at = current.started_at,
       .ended_at = now(),
       .outcome = result.outcome,
       .exit_code = report.exit_code,
       .signal = report.signal,
       .message = engine::with_aftermath(result.message.empty() ? report.message : result.message, report),
       .outputs = for_record(result.outputs)});
}

void FlowRun::end(std::size_t number, FlowResult result) {
  const FlowStep& step = spec_.steps[number];
  if (result.outcome) result.well = !result.failed() || step.continue_on_error;
  if (!result.outcome && report_.step_ended) {
    const auto at = now();
    report_.step_ended({.step = step.id,
                        .started_at = result.began_at.value_or(at),
                        .ended_at = at,
                        .outcome = std::nullopt,
                        .message = result.message});
  }
  if (result.failed() && !result.well && !first_failed_) first_failed_ = number;
  results_[number] = std::move(result);
  ended_[number].set();
}

void FlowRun::note_late_finally() {
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (!spec_.steps[i].finally || results_[i].ended) continue;
    end(i, failure(Outcome::timeout,
                   "the finally steps took longer than " + time::format_duration(spec_.finally_timeout)));
  }
}

Outcome FlowRun::finish() {
  transcript_.give(report_);
  std::size_t failures = 0;
  std::size_t tolerated = 0;
  std::size_t skips = 0;
  for (const FlowResult& result : results_) {
    if (result.failed()) ++(result.well ? tolerated : failures);
    if (result.failed() && !result.well && result.for_good) report_.for_good = true;
    if (result.ended && !result.outcome) ++skips;
  }
  const auto count = [](std::size_t number, const char* what) {
    return number == 0 ? std::string() : "; " + std::to_string(number) + what;
  };
  if (first_failed_) {
    const FlowResult& first = results_[*first_failed_];
    report_.exit_code = first.exit_code;
    report_.message = "step " + in_quotes(spec_.steps[*first_failed_].id) + " did not end well: " + first.message +
                      count(failures > 1 ? failures - 1 : 0, " more failed") + count(skips, " skipped");
  } else if (tolerated + skips > 0) {
    report_.message = std::to_string(results_.size()) + " steps" + count(tolerated, " failed, which may be") +
                      count(skips, " skipped");
  }
  if (attempt_.carried != nullptr && !spec_.retry_from_start) {
    *attempt_.carried = FlowMemory(spec_, depends_, results_);
  }
  return first_failed_ ? Outcome::failure : Outcome::success;
}

}  // namespace belfry::jobs
