#include "daemon/config/flow_builder.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace belfry::daemon {
namespace {

using jobs::ActionPointer;
using jobs::FlowReference;
using Made = std::expected<ActionPointer, std::string>;
using ValueOf = jobs::FlowText::ValueOf;

/// The program with the values in its environment, and the variables of the step besides.
jobs::ExecSpec with_environment(jobs::ExecSpec spec, const ValueOf& value_of, const jobs::Variables& variables) {
  for (auto& [name, value] : spec.environment) value = jobs::expand_flow_text(value, value_of);
  for (const auto& [name, value] : variables) spec.environment[name] = value;
  return spec;
}

jobs::FlowStep::Maker program(jobs::ExecSpec spec) {
  return [spec = std::move(spec)](const ValueOf& value_of, const jobs::Variables& variables) -> Made {
    jobs::ExecSpec filled = with_environment(spec, value_of, variables);
    if (auto* argv = std::get_if<std::vector<std::string>>(&filled.command)) {
      for (std::string& word : *argv) word = jobs::expand_flow_text(word, value_of);
    }
    if (auto* text = std::get_if<jobs::StdinText>(&filled.standard_input)) {
      text->text = jobs::expand_flow_text(text->text, value_of);
    }
    return jobs::make_exec(std::move(filled));
  };
}

/// A value within a text of JSON, which stands between double quotes there.
std::string inside_json(const std::string& value) {
  const std::string text = nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.substr(1, text.size() - 2);
}

/// What an action takes, with the values in it. A value that would become several is refused.
std::expected<std::string, std::string> filled_in(const std::string& text, const jobs::ParameterInfo& info,
                                                  const std::filesystem::path& folder, const ValueOf& value_of) {
  using Type = jobs::ParameterType;
  const bool json = info.type == Type::json;
  const bool lines = info.type == Type::block || info.type == Type::table;
  std::string broken;
  std::string filled = jobs::expand_flow_text(text, [&](const FlowReference& reference) {
    std::string value = value_of(reference);
    if (json) return inside_json(value);
    if (!lines && value.contains('\n')) broken = reference.text();
    return value;
  });
  if (!broken.empty()) {
    return std::unexpected("the value of " + broken + " has a line break, which " + std::string(info.name) +
                           " cannot take");
  }
  if (info.type != Type::path || !jobs::has_flow_reference(text)) return filled;
  std::string absolute;
  for (std::size_t begin = 0; begin <= filled.size();) {
    const auto end = std::min(filled.find('\n', begin), filled.size());
    const auto line = filled.substr(begin, end - begin);
    if (begin > 0) absolute += '\n';
    if (!line.empty()) absolute += (folder / line).lexically_normal().string();
    begin = end + 1;
  }
  return absolute;
}

/// `process`: what it is run in if it is a program.
jobs::FlowStep::Maker declared(jobs::ActionDeclaration action, const jobs::ActionKind& kind,
                               jobs::ActionContext context, jobs::ExecSpec process) {
  return [action = std::move(action), kind, context = std::move(context), process = std::move(process)](
             const ValueOf& value_of, const jobs::Variables& variables) -> Made {
    jobs::ActionDeclaration filled = action;
    const jobs::ActionForm* const form = kind.find(action.form);
    for (auto& [name, value] : filled.parameters) {
      if (!jobs::has_flow_reference(value)) continue;
      const auto* info = jobs::find_parameter(form->parameters, name);
      auto text =
          filled_in(value, info != nullptr ? *info : jobs::ParameterInfo{.name = name}, context.working_dir, value_of);
      if (!text) return std::unexpected(std::move(text.error()));
      value = *std::move(text);
    }
    const jobs::ExecSpec program = with_environment(process, value_of, variables);
    jobs::ActionContext surroundings = context;
    surroundings.process = &program;
    auto made = jobs::make_action(kind, filled, surroundings);
    if (!made) return std::unexpected(std::move(made.error().message));
    return *std::move(made);
  };
}

jobs::FlowStep::Maker question(const ApprovalDeclaration& approval, const jobs::FlowStep& step) {
  return [message = approval.message, id = step.id, timeout = step.timeout](const ValueOf& value_of,
                                                                            const jobs::Variables&) -> Made {
    return jobs::make_approval({.step = id, .message = jobs::expand_flow_text(message, value_of), .timeout = timeout});
  };
}

}  // namespace

jobs::ActionPointer build_flow(const FlowSpec& flow, const ExecContext& exec, const jobs::ActionRegistry& actions,
                               async::ThreadPool* pool, std::size_t budget) {
  jobs::FlowSpec built{.steps = {},
                       .max_parallel = flow.max_parallel,
                       .finally_timeout = flow.finally_timeout,
                       .retry_from_start = flow.retry_from_start,
                       .output_budget = budget};
  for (const StepSpec& spec : flow.steps) {
    jobs::FlowStep step = spec.step;
    if (const auto* command = std::get_if<CommandSpec>(&spec.action)) {
      step.make = program(exec_spec(*command, spec.process, exec));
    } else if (const auto* approval = std::get_if<ApprovalDeclaration>(&spec.action)) {
      step.make = question(*approval, step);
    } else {
      const auto& action = std::get<jobs::ActionDeclaration>(spec.action);
      jobs::ExecSpec process = exec_spec(decltype(jobs::ExecSpec::command)(), spec.process, exec.state_dir);
      process.traced = exec.traced;
      step.make = declared(
          action, *actions.find(action.kind),
          {.pool = pool, .working_dir = spec.process.working_dir, .output_budget = spec.process.output_max_bytes},
          std::move(process));
    }
    built.steps.push_back(std::move(step));
  }
  return jobs::make_flow(std::move(built));
}

}  // namespace belfry::daemon
