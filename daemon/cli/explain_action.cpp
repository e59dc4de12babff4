// `belfry explain --action KIND`: what a kind of action takes, from its declaration.

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/terminal.hpp"
#include "daemon/config/action_reader.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/load_config.hpp"
#include "jobs/action_registry.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon::cli {
namespace {

using jobs::ParameterInfo;
using nlohmann::json;

void add_rows(std::span<const ParameterInfo> parameters, const std::string& prefix, Table& table) {
  for (const ParameterInfo& info : parameters) {
    const std::string name = prefix + std::string(info.name);
    const std::string fallback = info.required ? "required" : std::string(info.fallback);
    table.add({name, takes(info), fallback, std::string(info.meaning)});
    add_rows(info.keys, name + ".", table);
  }
}

json keys_of(std::span<const ParameterInfo> parameters) {
  json keys = json::array();
  for (const ParameterInfo& info : parameters) {
    json key{{"name", info.name},
             {"takes", takes(info)},
             {"default", nullptr},
             {"required", info.required},
             {"meaning", info.meaning}};
    if (!info.fallback.empty()) key["default"] = info.fallback;
    if (!info.keys.empty()) key["keys"] = keys_of(info.keys);
    keys.push_back(std::move(key));
  }
  return keys;
}

/// A map of the configuration that is part of a flow.
struct FlowPart {
  const char* name;
  const char* summary;
  std::vector<Key> keys;
};

std::vector<FlowPart> parts_of_flow(const jobs::ActionRegistry& actions) {
  const auto all = [](const Section& section) { return std::vector<Key>(section.keys.begin(), section.keys.end()); };
  return {
      {.name = "flow", .summary = "a list of steps stands for the key steps", .keys = all(flow_section)},
      {.name = "step", .summary = "what it does, what it has of a job, and these", .keys = keys_of_steps(actions)},
      {.name = "outputs", .summary = "each is stdout, last_line, or one of these", .keys = all(step_output_section)},
      {.name = "approval", .summary = "a text stands for the key message", .keys = all(approval_section)}};
}

/// Its keys are those of the configuration, and not declared in jobs/.
int explain_flow(Session& session, const jobs::ActionRegistry& actions) {
  const Key& flow = *find_key(job_section, "flow");
  json forms = json::array();
  std::string text = std::string(flow.name) + ": " + std::string(flow.meaning) + "\n";
  for (const FlowPart& part : parts_of_flow(actions)) {
    json keys = json::array();
    Table table({"KEY", "TAKES", "DEFAULT", "MEANING"});
    for (const Key& key : part.keys) {
      table.add({std::string(key.name), std::string(key.type), std::string(key.fallback), std::string(key.meaning)});
      keys.push_back({{"name", key.name},
                      {"takes", key.type},
                      {"default", key.fallback.empty() ? json(nullptr) : json(key.fallback)},
                      {"required", false},
                      {"meaning", key.meaning}});
    }
    forms.push_back({{"name", part.name}, {"summary", part.summary}, {"keys", std::move(keys)}});
    text += "\n" + std::string(part.name) + ": " + part.summary + "\n\n" + table.text(session.style);
  }
  if (session.json) {
    print_json({{"action", flow.name}, {"meaning", flow.meaning}, {"forms", std::move(forms)}});
  } else {
    print(text);
  }
  return kOk;
}

const jobs::ActionKind& find_kind(const jobs::ActionRegistry& registry, const std::string& name) {
  if (const auto* const kind = registry.find(name)) return *kind;
  std::vector<std::string_view> names;
  std::string list;
  for (const auto& kind : registry.kinds()) {
    names.push_back(kind.key);
    list += (list.empty() ? "" : ", ") + kind.key;
  }
  names.emplace_back("flow");
  list += ", flow";
  const std::string hint = time::did_you_mean(name, names);
  throw CommandError(kNotFound, "there is no kind of action \"" + name + "\"; " + (hint.empty() ? "" : hint + " ") +
                                    "there is " + list);
}

/// What is built in, or what the jobs of a file may do: the functions of its plugins, too.
std::shared_ptr<const jobs::ActionRegistry> actions_of(const Session& session, const std::string& file) {
  if (file.empty()) return std::make_shared<const jobs::ActionRegistry>(jobs::ActionRegistry::with_builtins());
  const LoadResult config = load_config(file, {.started = session.now});
  if (!config) throw CommandError(kBadConfig, format_errors(config.error()));
  return config->actions;
}

}  // namespace

int explain_action(Session& session, const NextOptions& options) {
  const auto registry = actions_of(session, options.config);
  if (options.action == "flow") return explain_flow(session, *registry);
  const jobs::ActionKind& kind = find_kind(*registry, options.action);
  json forms = json::array();
  std::string text = kind.key + ": " + kind.meaning + "\n";
  for (const jobs::ActionForm& form : kind.forms) {
    forms.push_back({{"name", form.name}, {"summary", form.summary}, {"keys", keys_of(form.parameters)}});
    Table table({"KEY", "TAKES", "DEFAULT", "MEANING"});
    add_rows(form.parameters, "", table);
    if (!form.name.empty()) text += "\n" + form.name + (form.summary.empty() ? "" : ": " + form.summary) + "\n";
    text += form.parameters.empty() ? "\nIt takes nothing.\n" : "\n" + table.text(session.style);
  }
  if (session.json) {
    print_json({{"action", kind.key}, {"meaning", kind.meaning}, {"forms", std::move(forms)}});
  } else {
    print(text);
  }
  return kOk;
}

}  // namespace belfry::daemon::cli
