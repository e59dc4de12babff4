// PluginDeclaration: what a plugin declares about itself, as belfry-plugin has read it, checked. Plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/parameters.hpp"

namespace belfry::jobs {

/// One parameter, with the texts that a ParameterInfo only refers to.
struct PluginParameter {
  std::string name;
  ParameterType type = ParameterType::text;  ///< text, block, path, flag, integer, size, duration or choice
  bool required = false;
  bool list = false;
  std::optional<std::string> fallback;
  std::string meaning;
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::vector<std::string> choices;
};

struct PluginFunction {
  std::string name;
  std::string summary;
  std::vector<PluginParameter> parameters;
};

struct PluginDeclaration {
  std::string name;
  std::string version;  ///< may be empty
  std::string summary;  ///< may be empty
  std::vector<PluginFunction> functions;
};

/// What belfry-plugin wrote about a plugin (plugin_wire.hpp), which is believed in nothing: names, types, limits and
/// fallbacks are checked, texts are made printable. The error is a sentence about "it", the plugin. Any thread.
std::expected<PluginDeclaration, std::string> parse_plugin(std::string_view wire);

/// Reads the declaration of a plugin; the error is a sentence about "it". Blocks.
using PluginReader = std::function<std::expected<PluginDeclaration, std::string>(const std::filesystem::path& path)>;

/// One line of valid UTF-8: control characters become spaces, bytes that are no UTF-8 question marks.
std::string printable_line(std::string_view text);

}  // namespace belfry::jobs
