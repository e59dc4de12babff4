#include "daemon/config/action_reader.hpp"

#include <array>
#include <string>
#include <string_view>

namespace belfry::daemon {
namespace {

constexpr std::array<std::string_view, 3> action_keys{"command", "file", "native"};

std::optional<std::vector<std::string>> read_arguments(const Value& value) {
  const auto items = value.list("a program and its arguments: [tar, --create, ...]");
  if (!items) return std::nullopt;
  std::vector<std::string> argv;
  for (const auto& item : *items) {
    if (item.node().kind == yaml::Node::Kind::null) {
      item.complain({"an empty item in the list", "text", "write \"\" for an empty argument"});
      return std::nullopt;
    }
    auto text = argv.empty() ? item.text("the name of a program") : item.any_text("text");
    if (!text) return std::nullopt;
    argv.push_back(std::move(*text));
  }
  return argv;
}

std::optional<Action> read_command(const Value& value, const MapReader& job) {
  CommandSpec command;
  if (value.node().kind == yaml::Node::Kind::sequence) {
    auto argv = read_arguments(value);
    if (!argv) return std::nullopt;
    command.argv = std::move(*argv);
  } else {
    auto text = value.text("text for the shell, or a list of a program and its arguments");
    if (!text) return std::nullopt;
    command.shell_text = std::move(*text);
  }
  if (const auto input = job.get("stdin")) command.standard_input = input->any_text("text");
  return command;
}

}  // namespace

std::optional<Action> read_action(const MapReader& job) {
  std::optional<std::string_view> given;
  std::optional<Action> result;
  for (const auto key : action_keys) {
    if (!job.has(key)) continue;
    if (given) {
      job.complain_at_key(key, {"a job does one thing, and " + in_quotes(*given) + " is given too",
                                "one of command, file, native", "declare a second job"});
      return std::nullopt;
    }
    given = key;
    const auto value = job.get(key);
    if (!value) continue;
    result = read_command(*value, job);
  }
  if (!given) {
    const auto place = job.map().place();
    job.map().errors().add(place, job.map().path(), {"this job does nothing", "one of command, file, native"});
  }
  return result;
}

}  // namespace belfry::daemon
