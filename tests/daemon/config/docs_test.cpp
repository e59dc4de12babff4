// docs/configuration.md and docs/scheduler.schema.json say what the program does: the tables, the examples, the schema.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "daemon/config/keys.hpp"
#include "daemon/config/load_config.hpp"
#include "jobs/file.hpp"
#include "jobs/native.hpp"

using namespace belfry::daemon;
using belfry::jobs::ParameterInfo;

namespace {

std::string read(const std::string& name) {
  std::ifstream file(BELFRY_SOURCE_DIR "/" + name);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string row(std::string_view name, std::string_view takes, std::string_view fallback, std::string_view meaning) {
  std::string text = "| `" + std::string(name) + "` | " + std::string(takes) + " | ";
  return text + std::string(fallback) + " | " + std::string(meaning) + " |\n";
}

// The blocks of a page that begin with ```yaml.
std::vector<std::string> yaml_blocks(const std::string& page) {
  static constexpr std::string_view opening = "```yaml\n";
  std::vector<std::string> blocks;
  for (auto at = page.find(opening); at != std::string::npos; at = page.find(opening, at + 1)) {
    const auto begin = at + opening.size();
    blocks.push_back(page.substr(begin, page.find("```", begin) - begin));
  }
  return blocks;
}

std::set<std::string> names(const nlohmann::json& object) {
  std::set<std::string> result;
  for (const auto& [name, value] : object.at("properties").items()) result.insert(name);
  return result;
}

std::set<std::string> names(std::span<const ParameterInfo> parameters) {
  std::set<std::string> result;
  for (const auto& parameter : parameters) result.insert(std::string(parameter.name));
  return result;
}

}  // namespace

TEST_CASE("docs/configuration.md has the row of every key and every parameter") {
  const auto page = read("docs/configuration.md");
  for (const auto* section : all_sections()) {
    for (const auto& key : section->keys) {
      INFO(section->name << ": " << key.name);
      CHECK(page.find(row(key.name, key.type, key.fallback, key.meaning)) != std::string::npos);
    }
  }
  const auto check_parameters = [&](std::span<const ParameterInfo> parameters) {
    for (const auto& p : parameters) {
      INFO(p.name);
      CHECK(page.find(row(p.name, p.value, p.fallback, p.meaning)) != std::string::npos);
    }
  };
  for (const auto& operation : belfry::jobs::file_operations()) check_parameters(operation.parameters);
  const auto natives = belfry::jobs::NativeRegistry::with_builtins();
  for (const auto& [name, function] : natives.functions()) {
    CHECK(page.find("#### native: " + name + "\n") != std::string::npos);
    check_parameters(function.parameters);
  }
}

TEST_CASE("every YAML example of docs/configuration.md is accepted") {
  const auto blocks = yaml_blocks(read("docs/configuration.md"));
  CHECK(blocks.size() >= 8);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("every YAML example of docs/notifications.md is accepted, and the page has every name of a template") {
  const auto page = read("docs/notifications.md");
  const auto blocks = yaml_blocks(page);
  CHECK(blocks.size() >= 2);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
  for (const auto name : message_names()) {
    INFO(name);
    CHECK((page.find("`" + std::string(name) + "`") != std::string::npos ||
           page.find("{{" + std::string(name) + "}}") != std::string::npos));
  }
}

TEST_CASE("every YAML example of docs/tracing.md is accepted") {
  const auto blocks = yaml_blocks(read("docs/tracing.md"));
  CHECK(blocks.size() >= 2);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("the error that docs/configuration.md shows is the one that is printed") {
  std::string text = "version: 1\n" + std::string(9, '\n');
  text += "jobs: {backup: {\n    schedule: \"61 * * * *\",\n    comand: tar,\n    command: tar}}\n";
  const auto result = parse_config(text, "scheduler.yaml", "/etc/belfry", {});
  REQUIRE_FALSE(result.has_value());
  const auto page = read("docs/configuration.md");
  const auto first = format_error(result.error().at(0));
  CHECK(page.find(first.substr(0, first.find('\n'))) != std::string::npos);
  const auto second = format_error(result.error().at(1));
  CHECK(page.find(second.substr(0, second.find('\n'))) != std::string::npos);
}

TEST_CASE("the shipped configurations are accepted") {
  for (const auto* name : {"scheduler.yaml", "systemd/scheduler.yaml"}) {
    const auto result = parse_config(read(name), name, BELFRY_SOURCE_DIR, {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("docs/scheduler.schema.json has the keys of every section and of every action") {
  const auto schema = nlohmann::json::parse(read("docs/scheduler.schema.json"));
  const auto& definitions = schema.at("$defs");
  for (const auto* section : all_sections()) {
    INFO(section->name);
    std::set<std::string> keys;
    for (const auto& key : section->keys) keys.insert(std::string(key.name));
    CHECK(names(section == &top_section ? schema : definitions.at(std::string(section->name))) == keys);
  }
  std::set<std::string> defaults;
  for (const auto& key : job_section.keys) {
    if (key.use == KeyUse::anywhere) defaults.insert(std::string(key.name));
  }
  CHECK(names(definitions.at("defaults")) == defaults);
  for (const auto& operation : belfry::jobs::file_operations()) {
    const auto& properties = definitions.at("file").at("properties");
    CHECK(names(properties.at(std::string(operation.name))) == names(operation.parameters));
  }
  const auto natives = belfry::jobs::NativeRegistry::with_builtins();
  const auto& functions = definitions.at("native").at("oneOf");
  CHECK(functions.size() == natives.functions().size());
  for (const auto& function : functions) {
    const auto name = function.at("properties").at("function").at("const").get<std::string>();
    auto parameters = names(natives.functions().at(name).parameters);
    parameters.insert("function");
    CHECK(names(function) == parameters);
  }
}
