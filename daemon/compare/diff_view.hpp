// What has changed, for people and for programs. Pure; any thread.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "daemon/compare/config_diff.hpp"

namespace belfry::daemon {

/// Lines such as "+ report", "~ backup: schedule, timeout", "    - 2026-11-28 02:30:00 +01:00", as `belfry diff`,
/// `belfry reload` and the log have them; none when nothing differs. The last one tells how many were left out when
/// there are more than `most_lines`. Fires are shown in the zone of their job. Texts are as in the file: they may hold
/// anything.
std::vector<std::string> lines_of(const ConfigDiff& diff, std::size_t most_lines);

/// {"added": [..], "removed": [..], "changed": [{"job", "keys"}], "settings": [..], "from", "until",
///  "fires": [{"job", "timezone", "vanishing", "appearing", "first_vanishing", "first_appearing", "compared_until"}]}
nlohmann::json view(const ConfigDiff& diff);

}  // namespace belfry::daemon
