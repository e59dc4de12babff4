#include "daemon/config/json_value.hpp"

#include <nlohmann/json.hpp>

namespace belfry::daemon {
namespace {

using nlohmann::ordered_json;
using yaml::Node;

ordered_json json_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::sequence: {
      ordered_json list = ordered_json::array();
      for (const Node* item : node.items) list.push_back(json_of(*item));
      return list;
    }
    case Node::Kind::map: {
      ordered_json map = ordered_json::object();
      for (const yaml::Entry& entry : node.entries) map[entry.key] = json_of(*entry.value);
      return map;
    }
    case Node::Kind::scalar:
      break;
  }
  if (node.style != Node::Style::plain) return node.text;
  const ordered_json plain = ordered_json::parse(node.text, nullptr, false);
  return plain.is_primitive() && !plain.is_discarded() ? plain : ordered_json(node.text);
}

}  // namespace

std::optional<std::string> json_text(const Value& value) {
  if (value.node().kind == Node::Kind::null) {
    value.complain({"no value is given", "", "give one, or delete the key"});
    return std::nullopt;
  }
  return json_of(value.node()).dump();
}

}  // namespace belfry::daemon
