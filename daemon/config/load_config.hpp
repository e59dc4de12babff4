// The front door: a file, or a text, to a checked configuration; or to all of its mistakes.
//
// Synchronous and without any state: call it on a worker thread (a file of 10,000 jobs takes about half a second).
// build_catalog() (catalog_builder.hpp) makes what the engine runs of it.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config_error.hpp"
#include "daemon/config/job_spec.hpp"
#include "daemon/config/read_file.hpp"
#include "daemon/config/settings.hpp"
#include "daemon/config/tracing_reader.hpp"
#include "jobs/action_registry.hpp"
#include "jobs/plugin_probe.hpp"
#include "time/wall_time.hpp"

namespace belfry::daemon {

struct Config {
  std::string text;                                     ///< as it was read
  std::shared_ptr<const jobs::ActionRegistry> actions;  ///< what its jobs may do, functions of its plugins included
  Settings settings;
  Calendars calendars;
  Groups groups;
  engine::CatchupPolicy catchup;
  Channels channels;
  std::optional<DaemonPing> ping;
  std::optional<TracingSettings> tracing;  ///< none: off
  std::vector<JobSpec> jobs;               ///< in the order of the file; names are unique
};

struct LoadOptions {
  const jobs::ActionRegistry* actions = nullptr;  ///< what jobs may do besides plugins; none: what is built in
  time::WallTime started;  ///< when the daemon started: what `after` counts from, over reloads too
  /// Whether the files of secrets are read. Only belfryd needs them, and others may not be allowed to.
  bool read_secrets = false;
  jobs::PluginReader read_plugin = [](const auto& path) { return jobs::probe_plugin(path); };
};

using LoadResult = std::expected<Config, std::vector<ConfigError>>;

/// A configuration, or its mistakes, and every file that was read for it, also when there are mistakes.
struct Loaded {
  LoadResult config;
  std::vector<SourceFile> files;  ///< the configuration itself first, then its .ics files, plugins and those of secrets
};

/// Reads and checks a file. The errors are in the order of the file, never empty, and each has its place, its key and
/// what was expected; an unreadable file is one error without a place. Limits: 4 MiB, 64 levels, 250,000 values, at
/// most a second and 100 MB whatever the file holds, and for each plugin the time that read_plugin takes. Throws
/// nothing but std::bad_alloc. Any thread.
LoadResult load_config(const std::filesystem::path& path, const LoadOptions& options);

/// The same, for whoever wants to know when it is out of date.
Loaded load_with_files(const std::filesystem::path& path, const LoadOptions& options);

/// Whether the files still hold what was read. Reads them; any thread.
bool up_to_date(const std::vector<SourceFile>& files);

/// The same for a text that is already there. `name` is what messages call it; relative paths in it start at `folder`,
/// which must be absolute.
LoadResult parse_config(std::string text, std::string name, const std::filesystem::path& folder,
                        const LoadOptions& options);

}  // namespace belfry::daemon
