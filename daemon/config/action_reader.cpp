#include "daemon/config/action_reader.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/config/command_reader.hpp"
#include "daemon/config/parameters_reader.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array<std::string_view, 2> program_keys{"command", "script"};  // the kind that is none of the registry

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

std::optional<Action> read_one(std::string_view key, const Value& value, const MapReader& job,
                               const ActionReaderContext& context) {
  if (key == "command") return read_command(value, job, context.folder);
  if (key == "script") return read_script_action(value, job, context.folder);
  return read_declared_action(value, *context.actions.find(key),
                              {.folder = context.folder, .secrets = context.secrets});
}

std::string one_of(const jobs::ActionRegistry& actions) {
  std::string text = "one of command, script";
  for (const auto& kind : actions.kinds()) text += ", " + kind.key;
  return text;
}

}  // namespace

std::optional<Action> read_action(const MapReader& job, const ActionReaderContext& context) {
  std::optional<std::string_view> given;
  std::optional<Action> result;
  for (const auto& entry : job.map().node().entries) {
    const std::string_view key = entry.key;
    if (std::ranges::find(program_keys, key) == program_keys.end() && context.actions.find(key) == nullptr) continue;
    if (given) {
      job.complain_at_key(key, {"a job does one thing, and " + in_quotes(*given) + " is given too",
                                one_of(context.actions), "declare a second job"});
      return std::nullopt;
    }
    given = key;
    if (const auto value = job.get(key)) result = read_one(key, *value, job, context);
  }
  if (!given) {
    const auto place = job.map().place();
    job.map().errors().add(place, job.map().path(), {"this job does nothing", one_of(context.actions)});
  }
  return result;
}

std::vector<Key> keys_of_jobs(const jobs::ActionRegistry& actions) {
  std::vector<Key> keys(job_section.keys.begin(), job_section.keys.end());
  auto at = std::ranges::find(keys, "interpreter", &Key::name) + 1;
  for (const auto& kind : actions.kinds())
    at = keys.insert(at, {kind.key, kind.value, "", kind.meaning, KeyUse::job}) + 1;
  return keys;
}

}  // namespace belfry::daemon
