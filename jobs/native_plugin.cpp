#include "jobs/native_plugin.hpp"

#include <unistd.h>

#include <csignal>
#include <memory>
#include <utility>

#include "io/launch.hpp"
#include "jobs/exec.hpp"
#include "jobs/plugin_form.hpp"
#include "jobs/plugin_wire.hpp"

namespace belfry::jobs {

namespace {

using ledger::Outcome;

/// Which function of which file.
struct Function {
  std::string name;  ///< PLUGIN.FUNCTION
  std::string path;
};

/// The status in the answer is the exit code, which the kernel may not have told us.
Outcome judge(const Function& function, std::string_view answer, engine::Report& report) {
  Fields fields(answer);
  const std::string version = fields.text();
  const std::string how = fields.text();
  const std::string sentence = printable_line(fields.text());
  const auto status = fields.number<int>();
  if (version != plugin_wire_version) {
    report.message = function.name + " ended its process with status " + std::to_string(report.exit_code.value_or(0)) +
                     " instead of returning: a function of a plugin must not call exit()";
    return Outcome::failure;
  }
  if (how == answer_refused) {
    report.exit_code.reset();
    report.message = "cannot run " + function.name + ": the plugin " + function.path + ": " + sentence;
    return Outcome::start_error;
  }
  report.exit_code = status;
  report.message = sentence;
  if (status == 0) return Outcome::success;
  if (sentence.empty()) report.message = function.name + " returned " + std::to_string(status);
  return Outcome::failure;
}

/// The process, by the name of the function.
class PluginAction final : public engine::Action {
 public:
  PluginAction(std::string name, ExecSpec spec) : name_(std::move(name)), process_(make_exec(std::move(spec))) {}

  async::Task<Outcome> run(const engine::Attempt& attempt, engine::Report& report) const override {
    const Outcome outcome = co_await process_->run(attempt, report);
    tell_killed(outcome, report);
    co_return outcome;
  }

  async::Task<std::optional<Outcome>> adopt(const engine::Attempt& attempt, const io::ProcessMark& process,
                                            engine::Report& report) const override {
    const std::optional<Outcome> outcome = co_await process_->adopt(attempt, process, report);
    if (outcome) tell_killed(*outcome, report);
    co_return outcome;
  }

  std::string_view kind() const noexcept override { return "native"; }
  std::string describe() const override { return name_; }

 private:
  void tell_killed(Outcome outcome, engine::Report& report) const {
    if (outcome == Outcome::killed) report.message = name_ + ": " + report.message;
  }

  std::string name_;
  std::shared_ptr<const engine::Action> process_;
};

ActionPointer make_plugin_action(ParameterReader& reader, const ActionContext& context, const PluginForm& form,
                                 const Function& function, const std::string& program) {
  std::string parameters = parameters_for_plugin(reader, form, context.working_dir);
  if (context.process == nullptr) return nullptr;
  ExecSpec spec = *context.process;
  spec.command = std::vector<std::string>{
      program, "run", std::string(io::script_path), function.path, form.function().name, std::to_string(::geteuid())};
  spec.standard_input = StdinText{std::move(parameters)};
  spec.kill_signal = SIGTERM;
  spec.success_exit_codes = {0};
  spec.judge_answer = [function](std::string_view answer, engine::Report& report) {
    return judge(function, answer, report);
  };
  return std::make_shared<PluginAction>(function.name, std::move(spec));
}

}  // namespace

std::vector<ActionForm> plugin_forms(const PluginDeclaration& plugin, const std::filesystem::path& path,
                                     const std::string& program) {
  std::vector<ActionForm> forms;
  for (const PluginFunction& declared : plugin.functions) {
    const auto form = std::make_shared<const PluginForm>(declared);
    const Function function{.name = plugin.name + "." + declared.name, .path = path.native()};
    forms.push_back({.name = function.name,
                     .summary = declared.summary,
                     .parameters = form->parameters(),  // refers into `form`, which `make` keeps
                     .make =
                         [form, function, program](ParameterReader& reader, const ActionContext& context) {
                           return make_plugin_action(reader, context, *form, function, program);
                         },
                     .program = true});
  }
  return forms;
}

}  // namespace belfry::jobs
