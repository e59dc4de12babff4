#include "jobs/plugin_declaration.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "jobs/plugin/belfry/plugin.h"
#include "jobs/plugin_form.hpp"
#include "jobs/plugin_wire.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t longest_name = 60;

/// By enum belfry_type, which begins with 1.
constexpr std::array types{ParameterType::text,     ParameterType::block,   ParameterType::path,
                           ParameterType::flag,     ParameterType::integer, ParameterType::size,
                           ParameterType::duration, ParameterType::choice};
static_assert(types[BELFRY_TEXT - 1] == ParameterType::text && types[BELFRY_CHOICE - 1] == ParameterType::choice);

/// The plugin must be changed; what() is the sentence.
class Wrong : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= longest_name && letter(name.front()) && std::ranges::all_of(name, inner);
}

std::string checked_name(const std::string& name, const std::string& what) {
  if (is_name(name)) return name;
  throw Wrong("the name of " + what + ", '" + printable_line(name.substr(0, longest_name)) +
              "', is not made of a-z, 0-9 and _ with a letter first, and of at most 60 bytes");
}

void check_limits(const PluginParameter& parameter, const std::string& of) {
  const bool counts = parameter.type == ParameterType::integer || parameter.type == ParameterType::size ||
                      parameter.type == ParameterType::duration;
  if (!counts) return;
  const bool open = parameter.type != ParameterType::integer && parameter.most == 0;
  if (parameter.type != ParameterType::integer && parameter.least < 0) throw Wrong(of + " has a negative limit");
  if (!open && parameter.least > parameter.most) throw Wrong("the least of " + of + " is above its most");
}

/// A default that the user could not write himself is a mistake of the plugin.
void check_fallback(const PluginParameter& parameter, const std::string& of) {
  if (!parameter.fallback) return;
  if (parameter.required) throw Wrong(of + " is required and has a fallback: it can have one of the two");
  const PluginForm form({.name = {}, .summary = {}, .parameters = {parameter}});
  const ParameterMap given{{parameter.name, *parameter.fallback}};
  ParameterReader reader(given, form.parameters());
  read_as_text(reader, form.parameters().front());
  if (reader.error()) throw Wrong("the fallback of " + of + " is none: " + reader.error()->message);
}

PluginParameter read_parameter(Fields& fields, const std::string& function) {
  PluginParameter parameter;
  parameter.name = checked_name(fields.text(), "a parameter of " + function);
  const std::string of = function + "." + parameter.name;
  if (parameter.name == "function") throw Wrong(of + " has the name of the key that names the function");
  const auto type = fields.number<std::int32_t>();
  if (type < 1 || static_cast<std::size_t>(type) > types.size()) {
    throw Wrong(of + " is of the type " + std::to_string(type) +
                ", which this belfry does not know: it may be too old");
  }
  parameter.type = types.at(static_cast<std::size_t>(type - 1));
  const auto flags = fields.number<std::uint32_t>();
  parameter.required = (flags & BELFRY_REQUIRED) != 0;
  parameter.list = (flags & BELFRY_LIST) != 0;
  const std::string fallback = fields.text();
  if ((flags & has_fallback) != 0) parameter.fallback = printable_line(fallback);
  parameter.meaning = printable_line(fields.text());
  parameter.least = fields.number<std::int64_t>();
  parameter.most = fields.number<std::int64_t>();
  for (auto left = fields.number<std::size_t>(); left > 0 && fields.good(); --left) {
    parameter.choices.push_back(printable_line(fields.text()));
  }
  if (!fields.good()) return parameter;  // told once, at the end
  if (parameter.list && parameter.type != ParameterType::text && parameter.type != ParameterType::path) {
    throw Wrong(of + " is a list of what only comes alone: lists are of BELFRY_TEXT or BELFRY_PATH");
  }
  if (parameter.type == ParameterType::choice && parameter.choices.empty()) throw Wrong(of + " has no choices");
  check_limits(parameter, of);
  check_fallback(parameter, of);
  return parameter;
}

PluginFunction read_function(Fields& fields, const std::string& plugin) {
  PluginFunction function;
  function.name = checked_name(fields.text(), "a function");
  const std::string name = plugin + "." + function.name;
  function.summary = printable_line(fields.text());
  std::set<std::string> names;
  for (auto left = fields.number<std::size_t>(); left > 0 && fields.good(); --left) {
    function.parameters.push_back(read_parameter(fields, name));
    if (!names.insert(function.parameters.back().name).second) {
      throw Wrong(name + " declares the parameter '" + function.parameters.back().name + "' twice");
    }
  }
  return function;
}

/// How long a character of UTF-8 is that begins so; 0: none does.
std::size_t length_by_first(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

/// How long the character at the front is in UTF-8; 0: it is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t length = length_by_first(first);
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0)) return 0;  // overlong; surrogates
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90)) return 0;
  return length;
}

}  // namespace

std::string printable_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 1) {
      const char c = text.front();
      line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    } else if (length == 0) {
      line += '?';
    } else {
      line.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

std::expected<PluginDeclaration, std::string> parse_plugin(std::string_view wire) {
  Fields fields(wire);
  try {
    if (fields.text() != plugin_wire_version) {
      throw Wrong("belfry-plugin told nothing that can be read; it must be of the same version as belfryd");
    }
    PluginDeclaration plugin;
    plugin.name = fields.text();
    if (plugin.name == declaration_failed) return std::unexpected(printable_line(fields.text()));
    checked_name(plugin.name, "the plugin");
    plugin.version = printable_line(fields.text());
    plugin.summary = printable_line(fields.text());
    std::set<std::string> names;
    for (auto left = fields.number<std::size_t>(); left > 0 && fields.good(); --left) {
      plugin.functions.push_back(read_function(fields, plugin.name));
      if (!names.insert(plugin.functions.back().name).second) {
        throw Wrong("it declares the function '" + plugin.functions.back().name + "' twice");
      }
    }
    if (!fields.good()) throw Wrong("what it declares ends in the middle");
    if (plugin.functions.empty()) throw Wrong("it declares no function");
    return plugin;
  } catch (const Wrong& wrong) {
    return std::unexpected(wrong.what());
  }
}

}  // namespace belfry::jobs
