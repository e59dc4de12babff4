#include "describe.hpp"

#include "jobs/plugin_wire.hpp"
#include "plugin_file.hpp"

namespace plugin {

namespace {

using belfry::jobs::put_field;

void put(std::string& wire, const belfry_parameter& parameter) {
  const char* const fallback = member(parameter, &belfry_parameter::fallback);
  const std::uint32_t flags = member(parameter, &belfry_parameter::flags) & ~belfry::jobs::has_fallback;
  put_field(wire, text(member(parameter, &belfry_parameter::name)));
  put_field(wire, member(parameter, &belfry_parameter::type));
  put_field(wire, fallback == nullptr ? flags : flags | belfry::jobs::has_fallback);
  put_field(wire, text(fallback));
  put_field(wire, text(member(parameter, &belfry_parameter::meaning)));
  put_field(wire, member(parameter, &belfry_parameter::least));
  put_field(wire, member(parameter, &belfry_parameter::most));
  const auto words = choices(parameter);
  put_field(wire, words.size());
  for (const char* const word : words) put_field(wire, text(word));
}

void put(std::string& wire, const belfry_function& function) {
  put_field(wire, text(member(function, &belfry_function::name)));
  put_field(wire, text(member(function, &belfry_function::summary)));
  const auto declared = parameters(function);
  put_field(wire, declared.size());
  for (const belfry_parameter* const parameter : declared) put(wire, *parameter);
}

}  // namespace

std::string describe(const belfry_plugin& plugin) {
  std::string wire;
  put_field(wire, belfry::jobs::plugin_wire_version);
  put_field(wire, text(member(plugin, &belfry_plugin::name)));
  put_field(wire, text(member(plugin, &belfry_plugin::version)));
  put_field(wire, text(member(plugin, &belfry_plugin::summary)));
  const auto declared = functions(plugin);
  put_field(wire, declared.size());
  for (const belfry_function* const function : declared) put(wire, *function);
  return wire;
}

}  // namespace plugin
