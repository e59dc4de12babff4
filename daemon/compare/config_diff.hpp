// What changes from one configuration to another: jobs, their keys, and which of their fires in the days to come.
// Plain values and a pure function; it may take a second, so on the loop's thread never.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/calendars_reader.hpp"
#include "daemon/config/load_config.hpp"
#include "engine/fire_diff.hpp"
#include "engine/job.hpp"

namespace belfry::daemon {

/// One of the two that are compared. All three must outlive the comparison.
struct Declaration {
  const engine::Catalog& catalog;  ///< jobs without actions will do
  const std::string& text;
  const Calendars& calendars;
};

struct JobChange {
  std::string job;
  std::vector<std::string> keys;  ///< those that were edited, see edited_keys(); empty: it cannot be said

  friend bool operator==(const JobChange&, const JobChange&) = default;
};

struct ConfigDiff {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<JobChange> changed;         ///< declared differently, by what matters for their runs
  std::vector<std::string> settings;      ///< keys of the top level that differ
  std::vector<engine::FireChange> fires;  ///< the jobs that have other fires, by name
  time::WallTime from;                    ///< fires are compared from here
  time::WallTime until;                   ///< to here

  bool empty() const noexcept {
    return added.empty() && removed.empty() && changed.empty() && settings.empty() && fires.empty();
  }
};

/// How far ahead fires are compared.
inline constexpr std::chrono::days diff_horizon{7};

/// Compares them, the fires from `now` on. `same_zones`: both were made with the same rules of time zones.
ConfigDiff compare(const Declaration& before, const Declaration& after, time::WallTime now, bool same_zones = true);

/// The same for two files that were read.
ConfigDiff compare(const Config& before, const Config& after, time::WallTime now);

}  // namespace belfry::daemon
