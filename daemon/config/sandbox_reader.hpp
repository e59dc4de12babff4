// The key `sandbox`: what a program may not do, and what it does not see.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/config/value.hpp"
#include "io/exec_shim.hpp"

namespace belfry::daemon {

struct SandboxPolicy {
  bool no_new_privileges = false;
  std::vector<std::string> drop_capabilities;  ///< "all", or names of capability_names.hpp
  io::ShimSandbox view;
};

/// A map, whose keys change `sandbox` one by one, or `none`. `folder`: where relative paths start. Complains about what
/// is wrong, and leaves it as it was.
void read_sandbox(const Value& value, const std::filesystem::path& folder, SandboxPolicy& sandbox);

}  // namespace belfry::daemon
