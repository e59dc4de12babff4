#include "daemon/config/plugins_reader.hpp"

#include <map>
#include <string>
#include <utility>

#include "daemon/config/settings_reader.hpp"
#include "jobs/native_plugin.hpp"
#include "jobs/plugin_probe.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view plugins_expected = "the path of a plugin, or a list of them";
constexpr std::size_t most_plugins = 50;

}  // namespace

void read_plugins(const Value& value, const std::filesystem::path& folder, const jobs::PluginReader& read,
                  std::vector<SourceFile>& files, jobs::ActionRegistry& actions) {
  std::vector<Value> items{value};
  if (value.node().kind == yaml::Node::Kind::sequence)
    items = value.list(plugins_expected).value_or(std::vector<Value>{});
  if (items.size() > most_plugins) {
    value.complain({"too many plugins", "at most " + std::to_string(most_plugins)});
    return;
  }
  const std::string program = jobs::find_plugin_program().value_or("belfry-plugin");
  std::map<std::string, std::filesystem::path> names;
  for (const Value& item : items) {
    const auto path = read_path(item, folder);
    if (!path) continue;
    note_program(*path, files);
    const auto plugin = read(*path);
    if (!plugin) {
      item.complain({quotable(plugin.error(), 500)});
      continue;
    }
    const auto [first, fresh] = names.emplace(plugin->name, *path);
    if (!fresh) {
      item.complain({"its name is " + in_quotes(plugin->name) + ", as that of " + first->second.native(),
                     "plugins of different names", "load one of the two"});
      continue;
    }
    for (auto& form : jobs::plugin_forms(*plugin, *path, program)) actions.add_form("native", std::move(form));
  }
}

}  // namespace belfry::daemon
