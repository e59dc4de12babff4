// What docs/ says about actions, as it follows from their declarations: the tables of docs/configuration.md and the
// definitions of docs/scheduler.schema.json. With BELFRY_WRITE_DOCS=1 in the environment, docs_test writes both.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/action_registry.hpp"

namespace belfry::test {

using nlohmann::ordered_json;

inline std::string table_row(std::string_view name, std::string_view takes, std::string_view fallback,
                             std::string_view meaning) {
  std::string text = "| `" + std::string(name) + "` | " + std::string(takes) + " | ";
  return text + std::string(fallback) + " | " + std::string(meaning) + " |\n";
}

/// The tables of one form by their headings: its own, and one for each map in it.
inline void add_tables(const std::string& heading, std::span<const jobs::ParameterInfo> parameters,
                       std::vector<std::pair<std::string, std::string>>& tables) {
  std::string rows;
  for (const auto& info : parameters) rows += table_row(info.name, takes(info), info.fallback, info.meaning);
  tables.emplace_back(heading, std::move(rows));
  for (const auto& info : parameters) {
    if (info.type != jobs::ParameterType::map) continue;
    const bool nested = heading.find(": ") != std::string::npos;
    add_tables(heading + (nested ? "." : ": ") + std::string(info.name), info.keys, tables);
  }
}

inline std::vector<std::pair<std::string, std::string>> action_tables(const jobs::ActionRegistry& registry) {
  std::vector<std::pair<std::string, std::string>> tables;
  for (const auto& kind : registry.kinds()) {
    for (const auto& form : kind.forms) {
      add_tables(kind.key + (form.name.empty() ? "" : ": " + form.name), form.parameters, tables);
    }
  }
  return tables;
}

ordered_json schema_of(std::span<const jobs::ParameterInfo> parameters);

inline ordered_json schema_of(const jobs::ParameterInfo& info) {
  using jobs::ParameterType;
  const ordered_json text{{"type", "string"}, {"minLength", 1}};
  const ordered_json secret{{"anyOf", {text, {{"$ref", "#/$defs/secret"}}}}};
  switch (info.type) {
    case ParameterType::flag:
      return {{"type", "boolean"}};
    case ParameterType::integer:
      return {{"type", "integer"}, {"minimum", info.least}, {"maximum", info.most}};
    case ParameterType::size:
      return {{"$ref", "#/$defs/size"}};
    case ParameterType::duration:
      return {{"$ref", "#/$defs/duration"}};
    case ParameterType::choice:
      return {{"enum", info.choices}};
    case ParameterType::secret:
      return secret;
    case ParameterType::map:
      return schema_of(info.keys);
    case ParameterType::table: {
      const ordered_json scalar{{"type", {"string", "number", "boolean"}}};
      return {{"type", "object"}, {"additionalProperties", info.secrets ? secret : scalar}};
    }
    case ParameterType::json:
      return ordered_json::object();
    case ParameterType::block:
      return {{"type", "string"}};
    case ParameterType::text:
    case ParameterType::path:
    case ParameterType::url:
    case ParameterType::secret_file:
      break;
  }
  if (!info.list) return text;
  // A list is also given as its only item. Numbers are texts here.
  const ordered_json item{{"type", {"string", "integer"}}};
  return {{"anyOf", {item, {{"type", "array"}, {"minItems", 1}, {"items", item}}}}};
}

inline ordered_json schema_of(std::span<const jobs::ParameterInfo> parameters) {
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const auto& info : parameters) {
    ordered_json one = schema_of(info);
    one["description"] =
        std::string(info.meaning) + (info.fallback.empty() ? "" : " (default: " + std::string(info.fallback) + ")");
    properties[std::string(info.name)] = std::move(one);
    if (info.required) required.push_back(info.name);
  }
  ordered_json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

/// What stands below $defs for a kind.
inline ordered_json schema_of(const jobs::ActionKind& kind) {
  if (kind.form_by == jobs::FormBy::key) {
    ordered_json forms = ordered_json::object();
    for (const auto& form : kind.forms) forms[form.name] = schema_of(form.parameters);
    return {{"type", "object"},
            {"additionalProperties", false},
            {"minProperties", 1},
            {"maxProperties", 1},
            {"properties", std::move(forms)}};
  }
  if (kind.form_by == jobs::FormBy::name) {
    ordered_json forms = ordered_json::array();
    for (const auto& form : kind.forms) {
      ordered_json schema = schema_of(form.parameters);
      ordered_json properties{{kind.form_word, {{"const", form.name}}}};
      properties.update(schema["properties"]);
      schema["properties"] = std::move(properties);
      ordered_json required = ordered_json::array({kind.form_word});
      for (const auto& name : schema["required"]) required.push_back(name);
      schema["required"] = std::move(required);
      forms.push_back(std::move(schema));
    }
    // Which plugins there are says the file itself.
    const ordered_json of_plugin{{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$"}};
    forms.push_back({{"type", "object"},
                     {"properties", {{kind.form_word, of_plugin}}},
                     {"required", ordered_json::array({kind.form_word})}});
    return {{"oneOf", std::move(forms)}};
  }
  const ordered_json map = schema_of(kind.forms.front().parameters);
  if (kind.text_means.empty()) return map;
  return {{"anyOf", {{{"type", "string"}, {"minLength", 1}}, map}}};
}

}  // namespace belfry::test
