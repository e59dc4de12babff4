// The keys at the top of the file that are about the daemon, as Settings.
#pragma once

#include <filesystem>

#include "daemon/config/map_reader.hpp"
#include "daemon/config/settings.hpp"

namespace belfry::daemon {

/// Reads what is given, complains about what is wrong, and keeps the default for it. `folder` is the one of the file.
Settings read_settings(const MapReader& top, const std::filesystem::path& folder);

/// The zone that a value names; complains and gives nothing otherwise.
std::optional<time::Zone> read_zone(const Value& value);

/// A path, relative ones below `folder`; complains and gives nothing otherwise.
std::optional<std::filesystem::path> read_path(const Value& value, const std::filesystem::path& folder);

}  // namespace belfry::daemon
