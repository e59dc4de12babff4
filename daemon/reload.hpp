// Reading the configuration again while jobs run: beside the old one, off the loop, swapped only if it is good.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/lock.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/options.hpp"
#include "engine/engine.hpp"
#include "jobs/native.hpp"
#include "observe/metrics.hpp"

namespace belfry::daemon {

/// The installed tzdata is another one than before: versions such as "2025b", empty when unknown.
struct ZoneUpdate {
  std::string before;
  std::string now;
};

/// What a reload did.
struct ReloadReport {
  std::vector<ConfigError> errors;  ///< not empty: nothing changed, the old configuration stays
  engine::CatalogDiff changes;
  std::uint64_t generation = 0;            ///< in force now
  std::optional<ZoneUpdate> zones;         ///< new rules of time zones came into force
  std::vector<std::string> needs_restart;  ///< keys whose new values take effect only then, e.g. "socket"
};

/// Loop thread only. Everything it refers to must outlive it.
class Reloader {
 public:
  struct Parts {
    engine::Engine& engine;
    async::ThreadPool& pool;
    observe::Metrics& metrics;
    const jobs::NativeRegistry& natives;
  };

  /// `running`: the settings as the daemon took them at its start.
  Reloader(Options options, LoadOptions load, Settings running, Parts parts);

  /// Puts a configuration into force that was read already: the first.
  ReloadReport apply(const Config& config);

  /// Reads the file again on the pool and puts it into force if it is good. Two at a time take turns, so that the last
  /// content wins. Resumes on the loop. Cancellation: nothing is changed.
  async::Task<ReloadReport> reload();

  /// Looks whether tzdata was updated; then puts the configuration in force into force once more, as it was read, under
  /// the new rules. Nothing when tzdata is the same. Resumes on the loop; files are read on the pool.
  async::Task<std::optional<ReloadReport>> refresh_zones();

 private:
  ReloadReport refused(std::vector<ConfigError> errors, std::optional<ZoneUpdate> zones);

  Options options_;
  LoadOptions load_;
  Settings running_;
  Parts parts_;
  async::Lock turn_;
  std::uint64_t generation_ = 0;
  std::string text_;  // of the configuration in force
};

}  // namespace belfry::daemon
