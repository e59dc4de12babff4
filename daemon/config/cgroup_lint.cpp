#include "daemon/config/cgroup_lint.hpp"

#include "daemon/config/error_list.hpp"
#include "daemon/config/flow_spec.hpp"
#include "daemon/config/policy_lint.hpp"

namespace belfry::daemon {

namespace {

/// Of a job, or of a step.
bool is_program(const auto& action) {
  const auto* const declared = std::get_if<jobs::ActionDeclaration>(&action);
  return std::holds_alternative<CommandSpec>(action) || (declared != nullptr && declared->program);
}

class CgroupLinter {
 public:
  CgroupLinter(const CgroupCheck& check, ErrorList& warnings) : check_(check), warnings_(warnings) {}

  void look_at(const ProcessPolicies& process, Place otherwise, const std::string& key) {
    const bool limited = !process.cgroup.limits.empty();
    if (!limited && process.kill_mode != jobs::KillMode::cgroup) return;
    const auto possible = check_(process.cgroup.limits);
    if (possible) return;
    add_warning(warnings_, limited ? process.cgroup.place : otherwise, key + (limited ? ".cgroup" : ".kill_mode"),
                {possible.error(), "",
                 "its runs end as start_error until there is one, and it is handed over to belfryd: Delegate=yes"});
  }

 private:
  const CgroupCheck& check_;
  ErrorList& warnings_;
};

}  // namespace

std::vector<ConfigError> lint_cgroups(const Config& config, const std::string& name, const CgroupCheck& check) {
  const SourceText source(name, config.text);
  ErrorList warnings(source);
  CgroupLinter linter(check, warnings);
  for (const JobSpec& job : config.jobs) {
    const std::string key = path_to("jobs", job.name);
    const auto* flow = std::get_if<std::shared_ptr<const FlowSpec>>(&job.action);
    if (flow == nullptr) {
      if (is_program(job.action)) linter.look_at(job.policies.process, job.place, key);
      continue;
    }
    for (const StepSpec& step : (*flow)->steps) {
      if (is_program(step.action)) linter.look_at(step.process, job.place, key + ".flow." + step.step.id);
    }
  }
  return warnings.take();
}

}  // namespace belfry::daemon
