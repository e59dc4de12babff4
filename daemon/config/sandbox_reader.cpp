#include "daemon/config/sandbox_reader.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/settings_reader.hpp"
#include "io/capability_names.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view capabilities_expected = "all, none, or a list of names such as [net_raw, sys_admin]";

std::vector<Value> items_of(const Value& value, std::string_view expected) {
  if (value.node().kind != yaml::Node::Kind::sequence) return {value};
  return value.list(expected).value_or(std::vector<Value>{});
}

void read_capabilities(const Value& value, std::vector<std::string>& dropped) {
  if (value.is_none()) {
    dropped.clear();
    return;
  }
  if (value.node().kind == yaml::Node::Kind::scalar && value.node().text == "all") {
    dropped = {"all"};
    return;
  }
  std::vector<std::string> wanted;
  for (const auto& item : items_of(value, capabilities_expected)) {
    const auto name = item.text(capabilities_expected);
    const auto number = name ? io::capability_by_name(*name) : std::nullopt;
    if (number) {
      wanted.emplace_back(io::capability_names[static_cast<std::size_t>(*number)]);
    } else if (name) {
      auto hint = time::did_you_mean(*name, io::capability_names);
      item.complain({"not a capability", std::string(capabilities_expected), std::move(hint)});
    }
  }
  if (!wanted.empty()) dropped = std::move(wanted);
}

void read_paths(const Value& value, const std::filesystem::path& folder, std::vector<std::string>& paths) {
  if (value.is_none()) {
    paths.clear();
    return;
  }
  std::vector<std::string> wanted;
  for (const auto& item : items_of(value, "a list of files and folders")) {
    if (auto path = read_path(item, folder)) wanted.push_back(path->string());
  }
  if (!wanted.empty()) paths = std::move(wanted);
}

}  // namespace

void read_sandbox(const Value& value, const std::filesystem::path& folder, SandboxPolicy& sandbox) {
  if (value.is_none()) {
    sandbox = {};
    return;
  }
  if (!value.is_map("a map such as {no_new_privileges: true, private_tmp: true}, or none")) return;
  const MapReader map(value, sandbox_section);
  const auto read_truth = [&map](std::string_view key, bool& truth) {
    if (const auto given = map.get(key)) truth = given->truth().value_or(truth);
  };
  read_truth("no_new_privileges", sandbox.no_new_privileges);
  read_truth("private_tmp", sandbox.view.private_tmp);
  read_truth("network", sandbox.view.network);
  if (const auto names = map.get("drop_capabilities")) read_capabilities(*names, sandbox.drop_capabilities);
  if (const auto paths = map.get("read_only")) read_paths(*paths, folder, sandbox.view.read_only);
}

}  // namespace belfry::daemon
