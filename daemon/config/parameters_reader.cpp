#include "daemon/config/parameters_reader.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/file.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using jobs::ParameterInfo;
using jobs::ParameterMap;
using Kind = yaml::Node::Kind;

constexpr std::string_view function_key = "function";

// The parameters of native functions that name files (jobs/native.hpp).
bool is_path(std::string_view name) { return name == "path" || name == "paths" || name == "output"; }

std::string names_of(std::span<const ParameterInfo> known) {
  std::string text = "one of";
  for (const auto& info : known) text += (&info == known.data() ? " " : ", ") + std::string(info.name);
  return text;
}

std::optional<std::string> read_item(const Value& value, const ParameterInfo& info) {
  auto text = value.text(info.value);
  if (text && text->find('\n') != std::string::npos) {
    value.complain({"a line break in a parameter", std::string(info.value)});
    return std::nullopt;
  }
  return text;
}

// One value, or the items of a list, one per line.
std::optional<std::string> read_parameter(const Value& value, const ParameterInfo& info) {
  if (value.node().kind != Kind::sequence || !info.list) return read_item(value, info);
  const auto items = value.list(info.value);
  if (!items) return std::nullopt;
  std::string lines;
  for (const auto& item : *items) {
    const auto text = read_item(item, info);
    if (!text) return std::nullopt;
    lines += *text + "\n";
  }
  return lines;
}

void complain_unknown(const Value& map, const yaml::Entry& entry, std::span<const ParameterInfo> known) {
  std::vector<std::string_view> names;
  for (const auto& info : known) names.push_back(info.name);
  map.errors().add(
      entry.place, map.child(entry).path(),
      {"unknown parameter " + in_quotes(entry.key), names_of(known), time::did_you_mean(entry.key, names)});
}

// What the map gives; nothing when something was complained about.
std::optional<ParameterMap> read_parameters(const Value& map, std::span<const ParameterInfo> known) {
  ParameterMap parameters;
  bool good = true;
  for (const auto& entry : map.node().entries) {
    if (entry.key == function_key) continue;
    const auto info = std::ranges::find(known, entry.key, &ParameterInfo::name);
    if (info == known.end()) {
      complain_unknown(map, entry, known);
      good = false;
    } else if (auto text = read_parameter(map.child(entry), *info)) {
      parameters[entry.key] = std::move(*text);
    } else {
      good = false;
    }
  }
  for (const auto& info : known) {
    if (!info.required || map.node().find(info.name) != nullptr) continue;
    map.errors().add(map.place(), map.path(),
                     {"the parameter " + in_quotes(info.name) + " is missing",
                      std::string(info.value) + ": " + std::string(info.meaning)});
    good = false;
  }
  return good ? std::optional(std::move(parameters)) : std::nullopt;
}

// Puts what jobs/ says about a value to the place of that value.
void complain_about(const Value& map, const jobs::ParameterError& error) {
  for (const auto& entry : map.node().entries) {
    if (entry.key == error.key) {
      map.errors().add(entry.value->place, map.child(entry).path(), {quotable(error.message, 300)});
      return;
    }
  }
  map.errors().add(map.place(), map.path(), {quotable(error.message, 300)});
}

std::optional<Action> read_operation(const Value& value, const jobs::FileOperation& operation,
                                     const std::filesystem::path& folder) {
  if (!value.is_map("a map of " + names_of(operation.parameters).substr(7))) return std::nullopt;
  auto parameters = read_parameters(value, operation.parameters);
  if (!parameters) return std::nullopt;
  async::ThreadPool unused(async::ThreadPoolOptions("config").threads(1));  // the action is made only to be checked
  const auto action = jobs::make_file(std::string(operation.name), *parameters, {unused, folder.string()});
  if (action) return FileDeclaration{std::string(operation.name), std::move(*parameters)};
  complain_about(value, action.error());
  return std::nullopt;
}

void make_absolute(ParameterMap& parameters, const std::filesystem::path& folder) {
  for (auto& [name, lines] : parameters) {
    if (!is_path(name)) continue;
    std::string absolute;
    for (std::size_t begin = 0; begin < lines.size();) {
      const auto end = std::min(lines.find('\n', begin), lines.size());
      absolute +=
          (absolute.empty() ? "" : "\n") + (folder / lines.substr(begin, end - begin)).lexically_normal().string();
      begin = end + 1;
    }
    lines = std::move(absolute);
  }
}

}  // namespace

std::optional<Action> read_file_action(const Value& value, const std::filesystem::path& folder) {
  static constexpr std::string_view expected = "one of copy, move, delete, rotate, with its parameters";
  if (!value.is_map(expected)) return std::nullopt;
  if (value.node().entries.size() != 1) {
    value.complain({value.node().entries.empty() ? "no operation is given" : "more than one operation is given",
                    std::string(expected), "declare a job for each operation"});
    return std::nullopt;
  }
  const auto& entry = value.node().entries.front();
  const auto operations = jobs::file_operations();
  const auto found = std::ranges::find(operations, entry.key, &jobs::FileOperation::name);
  if (found != operations.end()) return read_operation(value.child(entry), *found, folder);
  std::vector<std::string_view> names;
  for (const auto& operation : operations) names.push_back(operation.name);
  value.errors().add(
      entry.place, value.child(entry).path(),
      {"unknown file operation " + in_quotes(entry.key), std::string(expected), time::did_you_mean(entry.key, names)});
  return std::nullopt;
}

std::optional<Action> read_native_action(const Value& value, const std::filesystem::path& folder,
                                         const jobs::NativeRegistry& natives) {
  if (!value.is_map("a map with function and its parameters")) return std::nullopt;
  const auto* node = value.node().find(function_key);
  std::vector<std::string> names;
  std::string expected = "one of";
  for (const auto& [name, function] : natives.functions()) {
    expected += (names.empty() ? " " : ", ") + name;
    names.push_back(name);
  }
  if (node == nullptr) {
    value.complain({"the key \"function\" is missing", expected});
    return std::nullopt;
  }
  const Value name(*node, path_to(value.path(), function_key), value.errors());
  const auto text = name.text(expected);
  if (!text) return std::nullopt;
  const auto found = natives.functions().find(*text);
  if (found == natives.functions().end()) {
    name.complain({"no such function", expected, time::did_you_mean(*text, names)});
    return std::nullopt;
  }
  auto parameters = read_parameters(value, found->second.parameters);
  if (!parameters) return std::nullopt;
  make_absolute(*parameters, folder);
  jobs::ParameterReader reader(*parameters, found->second.parameters);
  static_cast<void>(found->second.bind(reader));
  if (const auto& error = reader.error()) {
    complain_about(value, *error);
    return std::nullopt;
  }
  return NativeDeclaration{*text, std::move(*parameters)};
}

}  // namespace belfry::daemon
