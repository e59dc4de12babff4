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

}  // namespace belfry::daemon
