// PluginForm: a function of a plugin as what the kind `native` can do, and what its parameters are to the process that
// runs it. Immutable; any thread.
#pragma once

#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/parameters.hpp"
#include "jobs/plugin_declaration.hpp"

namespace belfry::jobs {

/// The function, with the declarations of its parameters, which refer into it: it must outlive their copies.
class PluginForm {
 public:
  explicit PluginForm(PluginFunction function);
  PluginForm(const PluginForm&) = delete;
  PluginForm& operator=(const PluginForm&) = delete;
  ~PluginForm() = default;

  const PluginFunction& function() const noexcept { return function_; }
  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }

 private:
  PluginFunction function_;
  std::list<std::vector<std::string_view>> choices_;
  std::vector<ParameterInfo> parameters_;
};

/// The value of a parameter as the plugin gets it: numbers, sizes (bytes) and durations (milliseconds) as digits; else
/// as written. Complains to the reader about what it may not be.
std::string read_as_text(ParameterReader& reader, const ParameterInfo& info);

/// The parameters that are given or have a fallback, as fields (plugin_wire.hpp).
std::string parameters_for_plugin(ParameterReader& reader, const PluginForm& form, const std::string& working_dir);

}  // namespace belfry::jobs
