#include "jobs/plugin_form.hpp"

#include <chrono>
#include <filesystem>
#include <utility>

#include "jobs/plugin_wire.hpp"

namespace belfry::jobs {

PluginForm::PluginForm(PluginFunction function) : function_(std::move(function)) {
  for (const PluginParameter& parameter : function_.parameters) {
    const auto& words = choices_.emplace_back(parameter.choices.begin(), parameter.choices.end());
    parameters_.push_back(
        {.name = parameter.name,
         .type = parameter.type,
         .value = parameter.list ? (parameter.type == ParameterType::path ? "a path or a list" : "text or a list") : "",
         .fallback = parameter.fallback ? std::string_view(*parameter.fallback) : std::string_view(),
         .meaning = parameter.meaning,
         .required = parameter.required,
         .list = parameter.list,
         .least = parameter.least,
         .most = parameter.most,
         .choices = words});
  }
}

std::string read_as_text(ParameterReader& reader, const ParameterInfo& info) {
  switch (info.type) {
    case ParameterType::flag:
      return reader.flag(info.name) ? "true" : "false";
    case ParameterType::integer:
      return std::to_string(reader.integer(info.name));
    case ParameterType::size:
      return std::to_string(reader.size(info.name));
    case ParameterType::duration:
      return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(reader.duration(info.name)).count());
    case ParameterType::choice:
      reader.choice(info.name);
      return reader.text(info.name);
    default:
      return reader.text(info.name);
  }
}

std::string parameters_for_plugin(ParameterReader& reader, const PluginForm& form, const std::string& working_dir) {
  std::string wire;
  for (std::size_t i = 0; i < form.parameters().size(); ++i) {
    const ParameterInfo& info = form.parameters()[i];
    const bool given = reader.has(info.name);
    if (!given && !form.function().parameters[i].fallback) continue;
    std::vector<std::string> values{read_as_text(reader, info)};
    if (info.list) values = reader.list(info.name);
    if (!given && info.type == ParameterType::path) {  // what is given is absolute already
      for (auto& path : values) path = (std::filesystem::path(working_dir) / path).lexically_normal().string();
    }
    put_field(wire, info.name);
    put_field(wire, values.size());
    for (const std::string& value : values) put_field(wire, value);
  }
  return wire;
}

}  // namespace belfry::jobs
