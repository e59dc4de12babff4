// docs/configuration.md and docs/scheduler.schema.json say what the program does: the tables, the examples, the schema.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "action_docs.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/load_config.hpp"
#include "jobs/action_registry.hpp"

using namespace belfry::daemon;
using belfry::jobs::ActionRegistry;
using belfry::test::table_row;

namespace {

std::string read_page(const std::string& name) {
  std::ifstream file(BELFRY_SOURCE_DIR "/" + name);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
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

bool writing() { return std::getenv("BELFRY_WRITE_DOCS") != nullptr; }

void write(const std::string& name, const std::string& text) { std::ofstream(BELFRY_SOURCE_DIR "/" + name) << text; }

// Where the rows of the first table below a heading begin and end; npos: the heading is not there.
std::pair<std::size_t, std::size_t> rows_below(const std::string& page, const std::string& heading) {
  static constexpr std::string_view head = "| key | takes | default | meaning |\n|---|---|---|---|\n";
  const auto at = page.find("\n#### " + heading + "\n");
  if (at == std::string::npos) return {at, at};
  const auto begin = page.find(head, at) + head.size();
  auto end = begin;
  while (page.compare(end, 2, "| ") == 0) end = page.find('\n', end) + 1;
  return {begin, end};
}

}  // namespace

TEST_CASE("docs/configuration.md has the row of every key") {
  const auto page = read_page("docs/configuration.md");
  for (const auto* section : all_sections()) {
    for (const auto& key : section->keys) {
      INFO(section->name << ": " << key.name);
      CHECK(page.find(table_row(key.name, key.type, key.fallback, key.meaning)) != std::string::npos);
    }
  }
  for (const auto& kind : ActionRegistry::with_builtins().kinds()) {
    INFO(kind.key);
    CHECK(page.find(table_row(kind.key, kind.value, "", kind.meaning)) != std::string::npos);
  }
}

TEST_CASE("docs/configuration.md has the table of every form of every action") {
  auto page = read_page("docs/configuration.md");
  for (const auto& [heading, rows] : belfry::test::action_tables(ActionRegistry::with_builtins())) {
    INFO(heading);
    const auto [begin, end] = rows_below(page, heading);
    REQUIRE(begin != std::string::npos);
    if (writing()) {
      page.replace(begin, end - begin, rows);
    } else {
      CHECK(page.substr(begin, end - begin) == rows);
    }
  }
  if (writing()) write("docs/configuration.md", page);
}

TEST_CASE("every YAML example of the pages about jobs is accepted") {
  auto blocks = yaml_blocks(read_page("docs/configuration.md"));
  REQUIRE(blocks.size() > 5);
  std::ranges::move(yaml_blocks(read_page("docs/file-jobs.md")), std::back_inserter(blocks));
  CHECK(blocks.size() >= 8);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("every YAML example of docs/notifications.md is accepted, and the page has every name of a template") {
  const auto page = read_page("docs/notifications.md");
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

TEST_CASE("every YAML example of docs/flows.md is accepted") {
  const auto blocks = yaml_blocks(read_page("docs/flows.md"));
  CHECK(blocks.size() >= 6);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("every YAML example of docs/tracing.md is accepted") {
  const auto blocks = yaml_blocks(read_page("docs/tracing.md"));
  CHECK(blocks.size() >= 2);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("every YAML example of docs/sql.md is accepted") {
  const auto blocks = yaml_blocks(read_page("docs/sql.md"));
  CHECK(blocks.size() >= 2);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("every YAML example of docs/plugins.md is accepted where there is the plugin that it writes") {
  const auto words = [](const std::filesystem::path&) -> std::expected<belfry::jobs::PluginDeclaration, std::string> {
    using belfry::jobs::ParameterType;
    const belfry::jobs::PluginParameter paths{
        .name = "paths", .type = ParameterType::path, .list = true, .fallback = {}, .meaning = {}, .choices = {}};
    const belfry::jobs::PluginParameter at_least{
        .name = "at_least", .type = ParameterType::integer, .fallback = {}, .meaning = {}, .most = 1000, .choices = {}};
    return belfry::jobs::PluginDeclaration{
        .name = "words",
        .version = {},
        .summary = {},
        .functions = {{.name = "count", .summary = {}, .parameters = {paths, at_least}}}};
  };
  const auto blocks = yaml_blocks(read_page("docs/plugins.md"));
  CHECK(blocks.size() == 1);
  for (const auto& block : blocks) {
    INFO(block);
    const auto result = parse_config(block, "example", "/etc/belfry", {.started = {}, .read_plugin = words});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("the error that docs/configuration.md shows is the one that is printed") {
  std::string text = "version: 1\n" + std::string(9, '\n');
  text += "jobs: {backup: {\n    schedule: \"61 * * * *\",\n    comand: tar,\n    command: tar}}\n";
  const auto result = parse_config(text, "scheduler.yaml", "/etc/belfry", {});
  REQUIRE_FALSE(result.has_value());
  const auto page = read_page("docs/configuration.md");
  const auto first = format_error(result.error().at(0));
  CHECK(page.find(first.substr(0, first.find('\n'))) != std::string::npos);
  const auto second = format_error(result.error().at(1));
  CHECK(page.find(second.substr(0, second.find('\n'))) != std::string::npos);
}

TEST_CASE("the shipped configurations are accepted") {
  for (const auto* name : {"scheduler.yaml", "systemd/scheduler.yaml"}) {
    const auto result = parse_config(read_page(name), name, BELFRY_SOURCE_DIR, {});
    if (!result) FAIL(format_errors(result.error()));
  }
}

TEST_CASE("docs/scheduler.schema.json has the keys of every section") {
  const auto schema = nlohmann::json::parse(read_page("docs/scheduler.schema.json"));
  const auto& definitions = schema.at("$defs");
  for (const auto* section : all_sections()) {
    INFO(section->name);
    std::set<std::string> keys;
    for (const auto& key : section->keys) keys.insert(std::string(key.name));
    if (section == &step_section) keys.insert(keys_of_job_and_step().begin(), keys_of_job_and_step().end());
    if (section == &job_section || section == &step_section) {
      for (const auto& kind : ActionRegistry::with_builtins().kinds()) keys.insert(kind.key);
    }
    CHECK(names(section == &top_section ? schema : definitions.at(std::string(section->name))) == keys);
  }
  std::set<std::string> defaults;
  for (const auto& key : job_section.keys) {
    if (key.use == KeyUse::anywhere) defaults.insert(std::string(key.name));
  }
  CHECK(names(definitions.at("defaults")) == defaults);
}

TEST_CASE("docs/scheduler.schema.json: what a step has of a job is as in a job") {
  const auto schema = nlohmann::json::parse(read_page("docs/scheduler.schema.json"));
  for (const auto key : keys_of_job_and_step()) {
    INFO(key);
    const auto& of_job = schema.at("$defs").at("job").at("properties").at(std::string(key));
    CHECK(schema.at("$defs").at("step").at("properties").at(std::string(key)) == of_job);
  }
}

TEST_CASE("docs/scheduler.schema.json has what the declarations of the actions say") {
  auto schema = nlohmann::ordered_json::parse(read_page("docs/scheduler.schema.json"));
  const auto registry = ActionRegistry::with_builtins();
  for (const auto& kind : registry.kinds()) {
    INFO(kind.key);
    const nlohmann::ordered_json use{{"$ref", "#/$defs/" + kind.key}, {"description", kind.meaning}};
    if (writing()) {
      schema["$defs"]["job"]["properties"][kind.key] = use;
      schema["$defs"]["step"]["properties"][kind.key] = use;
      schema["$defs"][kind.key] = belfry::test::schema_of(kind);
    } else {
      CHECK(schema.at("$defs").at("job").at("properties").value(kind.key, nlohmann::ordered_json()) == use);
      CHECK(schema.at("$defs").at("step").at("properties").value(kind.key, nlohmann::ordered_json()) == use);
      CHECK(schema.at("$defs").value(kind.key, nlohmann::ordered_json()) == belfry::test::schema_of(kind));
    }
  }
  if (writing()) write("docs/scheduler.schema.json", schema.dump(2) + "\n");
}
