#include "daemon/config/flow_lint.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/flow_spec.hpp"
#include "daemon/config/policy_lint.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {
namespace {

using jobs::FlowReference;

constexpr std::array<std::string_view, 7> outcomes{"success",     "failure",   "timeout", "killed",
                                                   "start_error", "cancelled", "skipped"};

/// One of the worlds in which a condition may be asked. What outputs are is not known, so they are left out.
class World final : public jobs::FlowFacts {
 public:
  std::map<std::string, std::string_view, std::less<>> ended{};  // by step
  bool all_well = false;
  bool something_failed = false;

  std::string value_of(const FlowReference& reference) const override { return std::string(ended.at(reference.step)); }
  bool succeeded(const std::string& step) const override {
    return step.empty() ? all_well : ended.at(step) == "success";
  }
  bool failed(const std::string& step) const override {
    return step.empty() ? something_failed : ended.at(step) != "success" && ended.at(step) != "skipped";
  }
};

/// Tries all outcomes of the steps that it asks about, as long as these are few and nothing else is asked.
bool never_holds(const jobs::FlowCondition& condition) {
  constexpr std::size_t most_steps = 4;
  std::set<std::string> steps;
  for (const auto& reference : condition.references()) {
    if (reference.what != FlowReference::What::outcome) return false;
    steps.insert(reference.step);
  }
  if (steps.size() > most_steps) return false;
  std::size_t worlds = 4;  // all is well or not, something failed or not
  for (std::size_t i = 0; i < steps.size(); ++i) worlds *= outcomes.size();
  for (std::size_t number = 0; number < worlds; ++number) {
    World world;
    world.all_well = number % 2 == 1;
    world.something_failed = number / 2 % 2 == 1;
    std::size_t rest = number / 4;
    for (const auto& step : steps) {
      world.ended.emplace(step, outcomes.at(rest % outcomes.size()));
      rest /= outcomes.size();
    }
    if (condition.holds(world)) return false;
  }
  return true;
}

class FlowLinter {
 public:
  FlowLinter(const Config& config, const JobSpec& job, const FlowSpec& flow, ErrorList& warnings)
      : config_(config), job_(job), flow_(flow), warnings_(warnings) {}

  void run() const {
    for (const StepSpec& spec : flow_.steps) {
      if (const auto* action = std::get_if<jobs::ActionDeclaration>(&spec.action)) {
        lint_action(*config_.actions, *action, spec.place, key_of(spec, action->kind), warnings_);
      }
      if (std::holds_alternative<CommandSpec>(spec.action)) {
        lint_secrets(spec.process, spec.place, path_to("jobs", job_.name) + ".flow." + spec.step.id, warnings_);
      }
      if (spec.step.condition && never_holds(*spec.step.condition)) {
        warn(spec, "if", {"this condition never holds, so the step is always skipped", "", "a step has one outcome"});
      }
      check_needs(spec);
      check_timeout(spec);
      if (spec.step.approval) check_approval(spec);
    }
  }

 private:
  std::string key_of(const StepSpec& spec, std::string_view key) const {
    return path_to("jobs", job_.name) + ".flow." + spec.step.id + "." + std::string(key);
  }

  void warn(const StepSpec& spec, std::string_view key, Complaint complaint) const {
    add_warning(warnings_, spec.place, key_of(spec, key), std::move(complaint));
  }

  /// It makes no difference: `other` is skipped whenever the implied step did not end well, and this one with it.
  void check_needs(const StepSpec& spec) const {
    for (const std::size_t implied : spec.step.needs) {
      for (const std::size_t other : spec.step.needs) {
        const jobs::FlowStep& between = flow_.steps[other].step;
        if (std::ranges::find(between.needs, implied) == between.needs.end() || between.condition) continue;
        warn(spec, "needs",
             {in_quotes(flow_.steps[implied].step.id) + " is needed by " + in_quotes(between.id) + " already", "",
              "name the latter alone"});
        break;
      }
    }
  }

  void check_timeout(const StepSpec& spec) const {
    const auto& whole = job_.policies.run.timeout;
    if (!spec.step.timeout || !whole || *spec.step.timeout < *whole) return;
    warn(spec, "timeout",
         {"it never comes to that: the timeout of the job, " + time::format_duration(*whole) + ", ends it before", "",
          "a longer timeout of the job, or a shorter one here"});
  }

  void check_approval(const StepSpec& spec) const {
    if (spec.step.timeout || job_.policies.run.timeout || !job_.trigger.trigger) return;
    warn(spec, "approval",
         {"it waits for ever when nobody decides, and later slots of the job meet a run that is under way", "",
          "a key timeout beside approval"});
  }

  const Config& config_;
  const JobSpec& job_;
  const FlowSpec& flow_;
  ErrorList& warnings_;
};

}  // namespace

void lint_flows(const Config& config, ErrorList& warnings) {
  for (const JobSpec& job : config.jobs) {
    const auto* flow = std::get_if<std::shared_ptr<const FlowSpec>>(&job.action);
    if (flow != nullptr) FlowLinter(config, job, **flow, warnings).run();
  }
}

}  // namespace belfry::daemon
