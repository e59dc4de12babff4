#include "daemon/config/environment_reader.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/settings_reader.hpp"

namespace belfry::daemon {
namespace {

constexpr std::string_view file_expected = "the path of a file, or a map such as {file: app.env, optional: true}";

bool is_variable_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, word);
}

void read_list(const Value& value, std::map<std::string, std::string>& environment) {
  const auto items = value.list("a list of variables, NAME=value");
  if (!items) return;
  std::set<std::string, std::less<>> given;
  for (const auto& item : *items) {
    const auto text = item.text("NAME=value");
    if (!text) continue;
    const auto equals = text->find('=');
    if (equals == std::string::npos) {
      item.complain({"there is no =", "NAME=value", "write NAME= for an empty value"});
      continue;
    }
    const std::string name = text->substr(0, equals);
    if (!check_variable_name(name, item.place(), item)) continue;
    if (!given.insert(name).second) {
      item.errors().add(item.place(), item.path(), {in_quotes(name) + " is given twice", "each variable once"});
    }
    environment[name] = text->substr(equals + 1);
  }
}

std::optional<jobs::EnvFile> read_file(const Value& value, const std::filesystem::path& folder) {
  if (value.node().kind == yaml::Node::Kind::map) {
    const MapReader map(value, env_file_section);
    if (!map.has("file")) value.complain({"the key \"file\" is missing", std::string(file_expected)});
    const auto optional = map.get("optional");
    const auto secret = map.get("secret");
    const auto file = map.get("file");
    const auto path = file ? read_path(*file, folder) : std::nullopt;
    const bool may_be_missing = optional && optional->truth().value_or(false);
    const bool is_secret = secret && secret->truth().value_or(false);
    if (!path) return std::nullopt;
    return jobs::EnvFile{.path = path->string(), .optional = may_be_missing, .secret = is_secret};
  }
  const auto text = value.text(file_expected);
  if (!text) return std::nullopt;
  if (!text->starts_with('-')) {
    const auto path = read_path(value, folder);
    return path ? std::optional(jobs::EnvFile{.path = path->string()}) : std::nullopt;
  }
  const std::filesystem::path path = text->substr(1);
  if (path.empty()) {
    value.complain({"no path behind the -", std::string(file_expected)});
    return std::nullopt;
  }
  return jobs::EnvFile{.path = (folder / path).lexically_normal().string(), .optional = true};
}

}  // namespace

bool check_variable_name(std::string_view name, Place place, const Value& variable) {
  if (!is_variable_name(name)) {
    variable.errors().add(
        place, variable.path(),
        {in_quotes(name) + ": not the name of a variable", R"(letters, digits and "_", not beginning with a digit)"});
    return false;
  }
  if (!name.starts_with("BELFRY_")) return true;
  variable.errors().add(place, variable.path(),
                        {in_quotes(name) + ": names that begin with BELFRY_ are set by belfry itself", "another name"});
  return false;
}

void read_environment(const Value& value, std::map<std::string, std::string>& environment) {
  if (value.node().kind == yaml::Node::Kind::sequence) {
    read_list(value, environment);
    return;
  }
  if (!value.is_map("a map of variables, NAME: value, or a list, - NAME=value")) return;
  for (const auto& entry : value.node().entries) {
    const auto variable = value.child(entry);
    if (!check_variable_name(entry.key, entry.place, variable)) continue;
    if (entry.value->kind == yaml::Node::Kind::null) {
      value.errors().add(entry.place, variable.path(), {"no value is given", "", "write \"\" for an empty value"});
    } else if (auto text = variable.any_text("text")) {
      environment[entry.key] = std::move(*text);
    }
  }
}

void read_env_files(const Value& value, const std::filesystem::path& folder, std::vector<jobs::EnvFile>& files) {
  if (value.is_none()) {
    files.clear();
    return;
  }
  constexpr std::size_t most = 100;
  std::vector<Value> items{value};
  if (value.node().kind == yaml::Node::Kind::sequence)
    items = value.list("a list of files").value_or(std::vector<Value>{});
  for (const auto& item : items) {
    if (auto file = read_file(item, folder)) files.push_back(*std::move(file));
  }
  if (files.size() > most) value.complain({"too many files", "at most " + std::to_string(most)});
}

}  // namespace belfry::daemon
