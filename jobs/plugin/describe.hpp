// What a plugin declares, as fields for belfryd (jobs/plugin_wire.hpp).
#pragma once

#include <string>

#include "belfry/plugin.h"

namespace plugin {

/// Throws std::runtime_error as plugin_file.hpp does. Whether names and types are right is checked by who reads it.
std::string describe(const belfry_plugin& plugin);

}  // namespace plugin
