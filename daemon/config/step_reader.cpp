#include "daemon/config/step_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "daemon/config/action_reader.hpp"
#include "daemon/config/approval_reader.hpp"

namespace belfry::daemon {
namespace {

using How = jobs::FlowOutput::How;
using Kind = yaml::Node::Kind;

constexpr std::string_view items_expected = "a list of texts, or a reference such as ${{ steps.list.outputs.files }}";
constexpr std::string_view outputs_expected = "stdout, last_line, or a map such as {json: /version}";

bool check_count(const Value& value, std::size_t count) {
  if (count <= jobs::most_flow_items) return true;
  value.errors().add(
      value.place(), value.path(),
      {"it would run " + std::to_string(count) + " times", "at most " + std::to_string(jobs::most_flow_items)});
  return false;
}

std::vector<std::string> read_texts(const Value& value, std::string_view expected) {
  std::vector<std::string> texts;
  const auto items = value.list(expected);
  if (!items) return texts;
  for (const auto& item : *items) {
    if (auto text = item.any_text("text")) texts.push_back(*std::move(text));
  }
  return texts;
}

/// Two names that programs could not tell apart.
void check_variables(const Value& value) {
  std::map<std::string, std::string> names;  // by variable
  for (const auto& entry : value.node().entries) {
    const auto variable = jobs::matrix_variable(entry.key);
    const auto [found, fresh] = names.emplace(variable, entry.key);
    if (fresh) continue;
    value.errors().add(
        entry.place, value.child(entry).path(),
        {in_quotes(entry.key) + " and " + in_quotes(found->second) + " would both be the variable " + variable,
         "names that differ in more than case, \"-\" and \"_\""});
  }
}

void read_matrix(const Value& value, std::vector<jobs::FlowItem>& items) {
  if (!value.is_map("a map of lists, such as {os: [debian, fedora], version: [12, 13]}")) return;
  if (value.node().entries.empty()) value.complain({"this map is empty", "a map of lists"});
  check_variables(value);
  std::vector<jobs::FlowItem> product{{}};
  for (const auto& entry : value.node().entries) {
    const auto list = value.child(entry);
    if (!jobs::is_flow_name(entry.key)) {
      value.errors().add(entry.place, list.path(),
                         {in_quotes(entry.key) + ": not a name", std::string(jobs::flow_name_expected)});
    }
    const auto texts = read_texts(list, "a list of texts");
    if (!check_count(value, product.size() * texts.size())) return;
    std::vector<jobs::FlowItem> larger;
    for (const auto& item : product) {
      for (const auto& text : texts) {
        larger.push_back(item);
        larger.back().matrix[entry.key] = text;
      }
    }
    product = std::move(larger);
  }
  items = std::move(product);
}

void read_for_each(const Value& value, jobs::FlowStep& step) {
  if (value.node().kind == Kind::sequence) {
    auto texts = read_texts(value, items_expected);
    if (!check_count(value, texts.size())) return;
    for (auto& text : texts) step.items.push_back({.item = std::move(text)});
    return;
  }
  const auto text = value.text(items_expected);
  if (!text) return;
  const auto parsed = jobs::FlowText::parse(*text);
  if (!parsed) return value.complain(time::ParseError{parsed.error().offset, 0, parsed.error().message, ""});
  const auto* reference = parsed->only_reference();
  if (reference == nullptr || reference->what != jobs::FlowReference::What::output) {
    value.complain({"not a list, nor a reference to an output", std::string(items_expected)});
    return;
  }
  step.items_from = *reference;
}

std::optional<jobs::FlowOutput> read_output(const Value& value, const std::string& name) {
  constexpr std::array<std::pair<std::string_view, How>, 2> words{
      {{"stdout", How::all}, {"last_line", How::last_line}}};
  if (value.node().kind == Kind::scalar) {
    const auto how = value.choice<How>(words);
    return how ? std::optional(jobs::FlowOutput::make(name, *how).value()) : std::nullopt;
  }
  if (!value.is_map(outputs_expected)) return std::nullopt;
  const MapReader map(value, step_output_section);
  if (value.node().entries.size() != 1) {
    if (map.all_known()) value.complain({"one key is wanted here", std::string(outputs_expected)});
    return std::nullopt;
  }
  for (const auto& [key, how] :
       {std::pair{"variable", How::variable}, {"json", How::json}, {"pattern", How::pattern}}) {
    const auto given = map.get(key);
    // An empty pointer is the whole document (RFC 6901).
    auto text = !given             ? std::nullopt
                : how == How::json ? given->any_text(outputs_expected)
                                   : given->text(outputs_expected);
    if (!text) continue;
    auto output = jobs::FlowOutput::make(name, how, *std::move(text));
    if (output) return *std::move(output);
    given->complain({output.error()});
  }
  return std::nullopt;
}

void read_outputs(const Value& value, std::vector<jobs::FlowOutput>& outputs) {
  if (!value.is_map("a map of outputs by name, such as {version: last_line}")) return;
  for (const auto& entry : value.node().entries) {
    const auto output = value.child(entry);
    if (!jobs::is_flow_name(entry.key)) {
      value.errors().add(entry.place, output.path(),
                         {in_quotes(entry.key) + ": not a name", std::string(jobs::flow_name_expected)});
      continue;
    }
    if (auto read = read_output(output, entry.key)) outputs.push_back(*std::move(read));
  }
}

void read_condition(const Value& value, StepSpec& spec) {
  const auto text = value.text("a condition, such as success() && steps.plan.outputs.changed == 'yes'");
  if (!text) return;
  auto condition = jobs::FlowCondition::parse(*text);
  if (!condition) {
    value.complain(time::ParseError{condition.error().offset, 0, condition.error().message, ""});
    return;
  }
  spec.condition = *text;
  spec.step.condition = *std::move(condition);
}

void check_outputs(const MapReader& map, const StepSpec& spec) {
  const auto* declared = std::get_if<jobs::ActionDeclaration>(&spec.action);
  if (declared == nullptr || declared->prints) return;
  map.complain_at_key("outputs",
                      {"a step that is " + in_quotes(declared->kind) + " prints nothing in which they could be",
                       "a program, or an action that has an output", "delete the key"});
}

}  // namespace

std::optional<StepSpec> read_step(const MapReader& map, std::string id, const FlowContext& context) {
  StepSpec spec;
  spec.place = map.map().place();
  spec.step.id = std::move(id);
  spec.process = context.process;
  read_process_policies(map, context.folder, spec.process);
  RunPolicies run;
  read_attempt_policies(map, run);
  spec.step.timeout = run.timeout;
  spec.step.retry = run.retry;
  if (const auto value = map.get("if")) read_condition(*value, spec);
  if (const auto value = map.get("matrix")) read_matrix(*value, spec.step.items);
  if (const auto value = map.get("for_each")) {
    if (map.has("matrix")) {
      map.complain_at_key("for_each",
                          {"a step has a matrix or for_each, not both", "", "make the list a row of the matrix"});
    } else {
      read_for_each(*value, spec.step);
    }
  }
  if (const auto value = map.get("max_parallel")) {
    spec.step.max_parallel = static_cast<std::size_t>(value->integer(1, jobs::most_flow_items).value_or(1));
    if (!map.has("matrix") && !map.has("for_each")) {
      map.complain_at_key("max_parallel",
                          {"this step runs once, so there is nothing to limit", "a key matrix or for_each"});
    }
  }
  if (const auto value = map.get("continue_on_error")) spec.step.continue_on_error = value->truth().value_or(false);
  if (const auto value = map.get("outputs")) read_outputs(*value, spec.step.outputs);
  auto action =
      read_action(map, {.folder = spec.process.working_dir, .actions = context.actions, .secrets = context.secrets});
  if (!action) return std::nullopt;
  check_use_of_program_keys(map, *action, false);
  if (auto* command = std::get_if<CommandSpec>(&*action)) spec.action = std::move(*command);
  if (auto* declared = std::get_if<jobs::ActionDeclaration>(&*action)) spec.action = std::move(*declared);
  if (auto* approval = std::get_if<ApprovalDeclaration>(&*action)) {
    check_use_of_approval_keys(map, *approval);
    spec.step.approval = approval->on_timeout.value_or(jobs::ApprovalTimeout::fail);
    spec.action = std::move(*approval);
  }
  check_outputs(map, spec);
  return spec;
}

}  // namespace belfry::daemon
