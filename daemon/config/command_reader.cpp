#include "daemon/config/command_reader.hpp"

#include <utility>

namespace belfry::daemon {

std::optional<CommandLine> read_command_line(const Value& value) {
  if (value.node().kind != yaml::Node::Kind::sequence) {
    auto text = value.text("text for the shell, or a list of a program and its arguments");
    if (!text) return std::nullopt;
    return *std::move(text);
  }
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
    argv.push_back(*std::move(text));
  }
  return argv;
}

std::optional<jobs::Script> read_script(const Value& text, const std::optional<Value>& interpreter) {
  constexpr std::size_t longest = std::size_t{1} << 20U;
  auto script = text.text("the text of a script");
  if (!script) return std::nullopt;
  if (script->size() > longest) {
    text.errors().add(text.place(), text.path(),
                      {"this script is too long: " + std::to_string(script->size()) + " bytes", "at most 1M",
                       "keep it in a file, and run that by \"command\""});
    return std::nullopt;
  }
  jobs::Script read{.text = *std::move(script)};
  if (!interpreter) return read;
  if (interpreter->node().kind != yaml::Node::Kind::sequence) {
    auto program = interpreter->text("a program, or a list of one and its arguments: [python3, -u]");
    if (!program) return std::nullopt;
    if (program->contains(' ')) {
      interpreter->complain({"a program with a blank in its name", "a program, or a list of one and its arguments",
                             "write arguments as a list: [python3, -u]"});
      return std::nullopt;
    }
    read.interpreter = {*std::move(program)};
    return read;
  }
  auto line = read_command_line(*interpreter);
  if (!line) return std::nullopt;
  read.interpreter = std::get<std::vector<std::string>>(*std::move(line));
  return read;
}

}  // namespace belfry::daemon
