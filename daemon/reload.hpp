// Reading the configuration again while jobs run: beside the old one, off the loop, swapped only if it is good.
#pragma once

#include <cstdint>
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

/// What a reload did.
struct ReloadReport {
  std::vector<ConfigError> errors;  ///< not empty: nothing changed, the old configuration stays
  engine::CatalogDiff changes;
  std::uint64_t generation = 0;            ///< in force now
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

 private:
  Options options_;
  LoadOptions load_;
  Settings running_;
  Parts parts_;
  async::Lock turn_;
  std::uint64_t generation_ = 0;
};

}  // namespace belfry::daemon
