#include "daemon/config/action_reader.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/config/approval_reader.hpp"
#include "daemon/config/command_reader.hpp"
#include "daemon/config/flow_reader.hpp"
#include "daemon/config/parameters_reader.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

// The kinds that are none of the registry.
constexpr std::array<std::string_view, 4> own_kinds{"command", "script", "flow", "approval"};

// Keys that only a program can obey.
constexpr std::array<std::string_view, 22> process_keys{"shell",        "interpreter",
                                                        "user",         "environment",
                                                        "env_file",     "clear_environment",
                                                        "stdin",        "umask",
                                                        "nice",         "ionice",
                                                        "cpu_affinity", "oom_score_adj",
                                                        "sandbox",      "limits",
                                                        "cgroup",       "kill_mode",
                                                        "kill_signal",  "kill_grace",
                                                        "output",       "success_exit_codes",
                                                        "fails_when",   "secrets"};

// Those of them that a function of a plugin, which is a program too, has no use for: it has no command, its signal is
// the one that its flag is set by, and its status says whether it was well.
constexpr std::array<std::string_view, 7> command_keys{
    "shell", "interpreter", "stdin", "kill_signal", "success_exit_codes", "fails_when", "secrets"};

void read_input(const Value& value, const std::filesystem::path& folder, CommandSpec& command) {
  if (value.node().kind != yaml::Node::Kind::map) {
    if (auto text = value.any_text("text, or a map such as {file: PATH}")) command.standard_input = std::move(*text);
    return;
  }
  const MapReader map(value, stdin_section);
  if (!map.has("file")) value.complain({"the key \"file\" is missing", "text, or a map such as {file: PATH}"});
  if (const auto file = map.get("file")) {
    if (auto path = read_path(*file, folder)) command.standard_input = InputFile{std::move(*path)};
  }
}

std::optional<Action> read_command(const Value& value, const MapReader& job, const std::filesystem::path& folder) {
  auto line = read_command_line(value);
  if (!line) return std::nullopt;
  CommandSpec command;
  std::visit([&](auto& given) { command.command = std::move(given); }, *line);
  if (const auto input = job.get("stdin")) read_input(*input, folder, command);
  return command;
}

std::optional<Action> read_script_action(const Value& value, const MapReader& job,
                                         const std::filesystem::path& folder) {
  auto script = read_script(value, job.get("interpreter"));
  if (!script) return std::nullopt;
  CommandSpec command{.command = *std::move(script), .standard_input = {}};
  if (const auto input = job.get("stdin")) read_input(*input, folder, command);
  return command;
}

bool is_step(const ActionReaderContext& context) { return context.flow == nullptr; }

std::optional<Action> read_one(std::string_view key, const Value& value, const MapReader& job,
                               const ActionReaderContext& context) {
  if (key == "command") return read_command(value, job, context.folder);
  if (key == "script") return read_script_action(value, job, context.folder);
  if (key == "approval") {
    auto approval = read_approval(value);
    return approval ? std::optional<Action>(*std::move(approval)) : std::nullopt;
  }
  if (key == "flow") {
    auto flow = read_flow(value, *context.flow);
    return flow ? std::optional<Action>(std::make_shared<const FlowSpec>(*std::move(flow))) : std::nullopt;
  }
  return read_declared_action(value, *context.actions.find(key),
                              {.folder = context.folder, .secrets = context.secrets, .in_flow = is_step(context)});
}

std::string one_of(const ActionReaderContext& context) {
  std::string text = "one of command, script";
  for (const auto& kind : context.actions.kinds()) text += ", " + kind.key;
  text += is_step(context) ? ", approval" : ", flow";
  return text;
}

/// Of a job that keeps an output, but runs no command: nothing else has lines that could be passed on as they come.
void check_journal(const MapReader& job) {
  const auto output = job.get("output");
  if (!output || output->node().kind != yaml::Node::Kind::map) return;
  MapReader(*output, output_section)
      .complain_at_key("journal", {"only what a command or a script prints goes to the journal, and this is none", "",
                                   "delete the key"});
}

/// Of what belfry does itself, or a plugin.
void check_use_of_process_keys(const MapReader& job, const jobs::ActionDeclaration& declared) {
  for (const auto key : process_keys) {
    if (key == "output" && declared.prints) continue;
    if (!declared.program) {
      job.complain_at_key(key, {"only a program can have this, and this job runs none", "", "delete the key"});
    } else if (std::ranges::find(command_keys, key) != command_keys.end()) {
      job.complain_at_key(key,
                          {"only a command can have this, and a function of a plugin is none", "", "delete the key"});
    }
  }
}

}  // namespace

std::optional<Action> read_action(const MapReader& job, const ActionReaderContext& context) {
  std::optional<std::string_view> given;
  std::optional<Action> result;
  for (const auto& entry : job.map().node().entries) {
    const std::string_view key = entry.key;
    if (std::ranges::find(own_kinds, key) == own_kinds.end() && context.actions.find(key) == nullptr) continue;
    if (key == (is_step(context) ? "flow" : "approval")) continue;  // none of its keys, which is told already
    if (given) {
      const std::string what = is_step(context) ? "step" : "job";
      job.complain_at_key(key, {"a " + what + " does one thing, and " + in_quotes(*given) + " is given too",
                                one_of(context), "declare a second " + what});
      return std::nullopt;
    }
    given = key;
    if (const auto value = job.get(key)) result = read_one(key, *value, job, context);
  }
  if (!given) {
    const auto place = job.map().place();
    job.map().errors().add(place, job.map().path(),
                           {is_step(context) ? "this step does nothing" : "this job does nothing", one_of(context)});
  }
  return result;
}

void check_use_of_program_keys(const MapReader& job, const Action& action, bool asks_a_command) {
  if (std::holds_alternative<std::shared_ptr<const FlowSpec>>(action)) {  // they are what its steps begin with
    for (const std::string_view key : {"interpreter", "stdin"}) {
      job.complain_at_key(key, {"only a program can have this, and a flow is none", "", "give it in a step"});
    }
    return;
  }
  if (std::holds_alternative<ApprovalDeclaration>(action)) {
    for (const auto key : process_keys) {
      job.complain_at_key(key, {"only a program can have this, and an approval is none", "", "delete the key"});
    }
    return;
  }
  if (const auto* declared = std::get_if<jobs::ActionDeclaration>(&action)) {
    if (asks_a_command || declared->prints) check_journal(job);
    if (!asks_a_command) check_use_of_process_keys(job, *declared);  // its precondition is a program, which has these
    return;
  }
  if (job.has("interpreter") && !job.has("script")) {
    job.complain_at_key("interpreter", {"only a script has an interpreter", "a key \"script\"",
                                        "write the interpreter into the command, or the command as a script"});
  }
  if (job.has("shell") && !asks_a_command &&
      std::holds_alternative<std::vector<std::string>>(std::get<CommandSpec>(action).command)) {
    job.complain_at_key("shell", {"a command that is a list runs without a shell", "a command that is text",
                                  "write the command as text, or delete this key"});
  }
}

std::vector<Key> keys_of_jobs(const jobs::ActionRegistry& actions) {
  std::vector<Key> keys(job_section.keys.begin(), job_section.keys.end());
  auto at = std::ranges::find(keys, "interpreter", &Key::name) + 1;
  for (const auto& kind : actions.kinds())
    at = keys.insert(at, {kind.key, kind.value, "", kind.meaning, KeyUse::job}) + 1;
  return keys;
}

std::vector<Key> keys_of_steps(const jobs::ActionRegistry& actions) {
  std::vector<Key> keys(step_section.keys.begin(), step_section.keys.end());
  for (const std::string_view shared : keys_of_job_and_step()) keys.push_back(*find_key(job_section, shared));
  for (const auto& kind : actions.kinds()) keys.push_back({kind.key, kind.value, "", kind.meaning});
  return keys;
}

}  // namespace belfry::daemon
