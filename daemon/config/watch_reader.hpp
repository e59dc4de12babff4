// The key `watch` of a job.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/config/map_reader.hpp"
#include "engine/watch.hpp"

namespace belfry::daemon {

/// Complains about what is wrong, and gives nothing then. Relative paths start at `folder`.
std::optional<engine::Watch> read_watch(const Value& value, const std::filesystem::path& folder);

/// All of it in lines, for the fingerprint: what differs in anything differs here.
std::string details_of(const engine::Watch& watch);

}  // namespace belfry::daemon
