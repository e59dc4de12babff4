#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "daemon/config/catalog_builder.hpp"
#include "daemon/config/flow_spec.hpp"

namespace belfry::daemon {
namespace {

// FNV-1a over the parts, each with its length, so that no two lists of parts read the same.
class Digest {
 public:
  void text(std::string_view value) {
    number(value.size());
    for (const char c : value) byte(static_cast<unsigned char>(c));
  }
  void number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(value >> (8 * static_cast<unsigned>(i))));
  }
  template <typename T>
    requires(std::is_integral_v<T> || std::is_enum_v<T>)
  void value(T value) {
    number(static_cast<std::uint64_t>(value));
  }
  void value(double value) { text(std::to_string(value)); }
  void value(time::Duration value) { number(static_cast<std::uint64_t>(value.count())); }
  void value(const std::string& value) { text(value); }
  void value(const std::filesystem::path& value) { text(value.native()); }
  template <typename T>
  void value(const std::optional<T>& optional) {
    number(optional ? 1 : 0);
    if (optional) value(*optional);
  }
  template <typename T>
  void value(const std::vector<T>& list) {
    number(list.size());
    for (const auto& item : list) value(item);
  }
  template <typename V>
  void value(const std::map<std::string, V>& map) {
    number(map.size());
    for (const auto& [key, item] : map) {
      text(key);
      value(item);
    }
  }
  std::uint64_t hash() const noexcept { return hash_; }
  std::string hexadecimal() const {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[(hash_ >> static_cast<unsigned>(shift)) & 15U];
    return out;
  }

 private:
  void byte(unsigned char value) {
    hash_ ^= value;
    hash_ *= 0x100000001B3U;
  }
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

void add(Digest& digest, const std::string& text) { digest.value(text); }
void add(Digest& digest, const std::vector<std::string>& argv) { digest.value(argv); }
void add(Digest& digest, const jobs::Script& script) {
  digest.value(script.text);
  digest.value(script.interpreter);
}

void add(Digest& digest, const CommandSpec& command) {
  digest.number(command.command.index());
  std::visit([&](const auto& value) { add(digest, value); }, command.command);
  digest.number(command.standard_input.index());
  if (const auto* text = std::get_if<std::string>(&command.standard_input)) digest.value(*text);
  if (const auto* file = std::get_if<InputFile>(&command.standard_input)) digest.value(file->path);
}
void add(Digest& digest, const jobs::ActionDeclaration& action) {
  digest.value(action.form);
  digest.value(action.parameters);
}

void add(Digest& digest, const ApprovalDeclaration& approval) {
  digest.value(approval.message);
  digest.value(approval.on_timeout);
}

void add(Digest& digest, const std::shared_ptr<const FlowSpec>& flow);  // below

// The kinds of the first versions keep their numbers: an update of belfry is no change of the jobs.
void add_kind(Digest& digest, const JobSpec& job) {
  if (std::holds_alternative<CommandSpec>(job.action)) {
    digest.number(0);
    return;
  }
  if (std::holds_alternative<std::shared_ptr<const FlowSpec>>(job.action)) return digest.text("flow");
  const auto& action = std::get<jobs::ActionDeclaration>(job.action);
  if (action.kind == "file") return digest.number(1);
  if (action.kind == "native") return digest.number(2);
  digest.text(action.kind);
  if (action.prints) digest.value(job.policies.process.output_max_bytes);
}

bool is_program(const Action& action) {
  const auto* const declared = std::get_if<jobs::ActionDeclaration>(&action);
  return declared == nullptr || declared->program;
}

void add(Digest& digest, const ProcessPolicies& process) {
  digest.value(process.shell);
  digest.value(process.environment);
  digest.value(process.clear_environment);
  digest.value(process.umask);
  digest.value(process.placement.nice);
  digest.value(process.limits);
  digest.value(process.kill_signal);
  digest.value(process.kill_grace);
  digest.value(process.success_exit_codes);
  digest.value(process.output_max_bytes);
}

void add_if_given(Digest& digest, const PlacementPolicy& placement) {
  if (placement.ionice) {
    digest.text("ionice");
    digest.value(placement.ionice->priority_class);
    digest.value(placement.ionice->level);
  }
  if (!placement.cpus.empty()) {
    digest.text("cpu_affinity");
    digest.value(placement.cpus);
  }
  if (placement.oom_score_adj) {
    digest.text("oom_score_adj");
    digest.value(*placement.oom_score_adj);
  }
}

void add_if_given(Digest& digest, const SandboxPolicy& sandbox) {
  if (sandbox.no_new_privileges) digest.text("no_new_privileges");
  if (sandbox.view.private_tmp) digest.text("private_tmp");
  if (!sandbox.view.network) digest.text("no network");
  if (!sandbox.drop_capabilities.empty()) {
    digest.text("drop_capabilities");
    digest.value(sandbox.drop_capabilities);
  }
  if (!sandbox.view.read_only.empty()) {
    digest.text("read_only");
    digest.value(sandbox.view.read_only);
  }
}

void add_if_given(Digest& digest, const io::CgroupLimits& limits) {
  if (limits.empty()) return;
  digest.text("cgroup");
  digest.value(limits.memory_max);
  digest.value(limits.memory_high);
  digest.value(limits.memory_swap_max);
  digest.value(limits.cpu_quota);
  digest.value(limits.cpu_weight);
  digest.value(limits.tasks_max);
  digest.value(limits.io_weight);
  if (limits.disks.empty()) return;
  digest.text("io_max");
  digest.value(limits.disks.read_max);
  digest.value(limits.disks.write_max);
  digest.value(limits.disks.read_iops_max);
  digest.value(limits.disks.write_iops_max);
}

void add_if_given(Digest& digest, const jobs::FailureSigns& signs) {
  if (signs.standard_output) digest.text("fails_when.stdout");
  if (signs.standard_error) digest.text("fails_when.stderr");
  if (signs.pattern) {
    digest.text("fails_when.regex");
    digest.value(signs.pattern->text());
  }
}

// Of later keys, only what is given: see add_unless_default().
void add_if_given(Digest& digest, const ProcessPolicies& process) {
  if (process.user) {
    digest.text("user");
    digest.value(process.user->account.user);
    digest.value(process.user->account.group);
    digest.value(process.user->account.supplementary_groups);
  }
  for (const auto& file : process.env_files) {
    digest.text("env_file");
    digest.value(file.path);
    digest.value(file.optional);
    if (file.secret) digest.text("secret");
  }
  for (const auto& secret : process.secrets) {
    digest.text("secrets");
    digest.value(secret.variable);
    digest.value(secret.place);
    digest.value(secret.credential);
  }
  add_if_given(digest, process.placement);
  add_if_given(digest, process.sandbox);
  add_if_given(digest, process.cgroup.limits);
  if (process.kill_mode != jobs::KillMode::tree) {
    digest.text("kill_mode");
    digest.value(process.kill_mode);
  }
  add_if_given(digest, process.failure_signs);
  if (process.output_journal) digest.text("output.journal");
}

void add(Digest& digest, const engine::RetryPolicy& retry) {
  digest.value(retry.limit);
  digest.value(retry.delay);
  digest.value(retry.max_delay);
  digest.value(retry.backoff);
  digest.value(retry.jitter);
  digest.value(retry.on_timeout);
  digest.value(retry.on_exit_codes);
}

void add(Digest& digest, const jobs::FlowStep& step) {
  digest.value(step.id);
  digest.value(step.finally);
  digest.value(step.needs);
  digest.number(step.items.size());
  for (const jobs::FlowItem& item : step.items) {
    digest.value(item.item);
    digest.value(item.matrix);
  }
  digest.text(step.items_from ? step.items_from->text() : "");
  digest.value(step.max_parallel);
  digest.value(step.continue_on_error);
  digest.number(step.timeout ? 1 : 0);
  if (step.timeout) digest.value(time::Duration(*step.timeout));
  add(digest, step.retry);
  digest.value(step.retry.on);
  digest.number(step.outputs.size());
  for (const jobs::FlowOutput& output : step.outputs) {
    digest.value(output.name());
    digest.value(output.how());
    digest.value(output.detail());
  }
}

void add(Digest& digest, const std::shared_ptr<const FlowSpec>& flow) {
  digest.value(flow->max_parallel);
  digest.value(flow->finally_timeout);
  digest.value(flow->retry_from_start);
  digest.number(flow->steps.size());
  for (const StepSpec& spec : flow->steps) {
    add(digest, spec.step);
    digest.value(spec.condition);
    digest.number(spec.action.index());
    if (const auto* declared = std::get_if<jobs::ActionDeclaration>(&spec.action)) digest.text(declared->kind);
    std::visit([&](const auto& action) { add(digest, action); }, spec.action);
    digest.value(spec.process.working_dir);
    add(digest, spec.process);
    add_if_given(digest, spec.process);
  }
}

void add(Digest& digest, const PreconditionDeclaration& precondition) {
  digest.number(precondition.command ? precondition.command->index() + 1 : 0);
  if (precondition.command) std::visit([&](const auto& value) { digest.value(value); }, *precondition.command);
  digest.value(precondition.timeout);
  digest.value(precondition.load_below);
  digest.value(precondition.load_per_cpu_below);
  digest.number(precondition.free_disk ? 1 : 0);
  if (precondition.free_disk) {
    digest.value(precondition.free_disk->path);
    digest.value(precondition.free_disk->at_least);
  }
  digest.value(precondition.free_memory);
}

void add(Digest& digest, const engine::GroupUse& group) {
  digest.value(group.name);
  digest.value(group.weight);
  digest.value(group.priority);
}

void add(Digest& digest, const engine::BreakerPolicy& breaker) {
  digest.value(breaker.failures);
  digest.value(breaker.ratio);
  digest.value(breaker.window);
  digest.value(breaker.cooldown);
}

void add(Digest& digest, const engine::SlaPolicy& sla) {
  digest.value(sla.max_time_since_success);
  digest.value(sla.late_after);
  digest.value(sla.max_runtime);
  digest.number(sla.too_often ? 1 : 0);
  if (sla.too_often) {
    digest.value(sla.too_often->count);
    digest.value(sla.too_often->within);
  }
  digest.value(sla.duration_regression);
}

void add_admission(Digest& digest, const RunPolicies& run) {
  const auto add_if_given = [&digest](const auto& policy) {
    digest.number(policy ? 1 : 0);
    if (policy) add(digest, *policy);
  };
  digest.value(run.max_instances);
  add_if_given(run.group);
  add_if_given(run.precondition);
  add_if_given(run.breaker);
  digest.value(run.only_if_last_succeeded);
  digest.value(run.guarantee);
  digest.value(run.catchup_limit);
  digest.value(run.retry.on);
}

// Policies that are as if their keys were not given leave the fingerprint as it was in versions that did not know them:
// an update of belfry is no change of the jobs.
void add_unless_default(Digest& digest, const RunPolicies& run) {
  Digest given;
  Digest plain;
  add_admission(given, run);
  add_admission(plain, {});
  if (given.hash() != plain.hash()) digest.number(given.hash());
}

void add(Digest& digest, const std::vector<DependencySpec>& dependencies) {
  digest.number(dependencies.size());
  for (const DependencySpec& spec : dependencies) {
    digest.value(spec.dependency.job);
    digest.value(spec.dependency.on);
  }
}

void add(Digest& digest, const RunPolicies& run) {
  digest.value(run.enabled);
  digest.value(run.timeout);
  add(digest, run.retry);
  digest.value(run.overlap);
  digest.value(run.queue_limit);
  digest.value(run.on_missed);
  digest.value(run.starting_deadline);
}

}  // namespace

std::string fingerprint(const JobSpec& job) {
  Digest digest;
  digest.value(job.name);
  digest.value(job.description);
  digest.value(job.trigger.text);
  if (!job.trigger.details.empty()) digest.value(job.trigger.details);
  digest.value(job.timezone);
  add_kind(digest, job);
  std::visit([&](const auto& action) { add(digest, action); }, job.action);
  digest.value(job.policies.process.working_dir);
  const auto& run = job.policies.run;
  const bool asks_a_command = run.precondition && run.precondition->command;
  if (is_program(job.action) || asks_a_command) {
    add(digest, job.policies.process);
    add_if_given(digest, job.policies.process);
  }
  add(digest, run);
  add_unless_default(digest, run);
  if (!job.depends_on.empty()) add(digest, job.depends_on);
  if (!run.sla.empty()) {
    digest.text("sla");
    add(digest, run.sla);
  }
  return digest.hexadecimal();
}

}  // namespace belfry::daemon
