// Reading the configuration again while jobs run: beside the old one, off the loop, swapped only if it is good.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/lock.hpp"
#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "daemon/compare/config_diff.hpp"
#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/notify/notifications.hpp"
#include "daemon/options.hpp"
#include "daemon/trace/tracing.hpp"
#include "engine/engine.hpp"
#include "jobs/action_registry.hpp"
#include "ledger/ledger.hpp"
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
  bool restored = false;            ///< the files hold again what is in force: nothing had to be done
  engine::CatalogDiff changes;
  std::shared_ptr<const ConfigDiff> differences;  ///< to the generation before; none for the first
  std::uint64_t generation = 0;                   ///< in force now
  std::optional<ZoneUpdate> zones;                ///< new rules of time zones came into force
  std::vector<std::string> needs_restart;         ///< keys whose new values take effect only then, e.g. "socket"
};

/// Loop thread only. Everything it refers to must outlive it. Reading, checking and comparing are done on the desk; the
/// loop does no more than swap the catalogs.
class Reloader {
 public:
  struct Parts {
    engine::Engine& engine;
    async::ThreadPool& pool;  ///< of the jobs
    async::ThreadPool& desk;  ///< for reading and comparing: never behind a job
    observe::Metrics& metrics;
    ledger::Ledger& ledger;
    std::shared_ptr<io::JournalFeed> journal;  // of what programs print
    Notifications& notifications;
    Tracing& tracing;
  };

  /// `running`: the settings as the daemon took them at its start.
  Reloader(Options options, LoadOptions load, Settings running, Parts parts);

  /// Puts the first configuration into force, which was read already, from `files`.
  ReloadReport begin(Config config, std::vector<SourceFile> files);

  /// Reads the file again and puts it into force if it is good. Two at a time take turns, so that the last content
  /// wins. Resumes on the loop. Cancellation: nothing is changed.
  async::Task<ReloadReport> reload();

  /// The same, unless every file holds what it held when it was last read, be that good or bad: then nothing.
  async::Task<std::optional<ReloadReport>> reload_if_changed();

  /// Looks whether tzdata was updated; then puts the configuration in force into force once more, as it was read, under
  /// the new rules. Nothing when tzdata is the same. Resumes on the loop; files are read on the desk.
  async::Task<std::optional<ReloadReport>> refresh_zones();

  /// The files that were read last: the configuration and all that it names. A bad one may name less.
  std::vector<std::filesystem::path> files() const;

  /// The key watch_config of the configuration in force.
  bool watch_config() const noexcept { return watch_config_; }

 private:
  /// All that is made of the files, on the desk.
  struct Prepared {
    std::optional<ZoneUpdate> zones;
    std::vector<ConfigError> errors;
    Config config;  // the jobs are in the catalog
    std::vector<SourceFile> files;
    std::shared_ptr<const engine::Catalog> catalog;
    std::shared_ptr<const NotifyPlan> notify;
    std::shared_ptr<const ConfigDiff> differences;
  };
  /// What is needed for that, as copies.
  struct Basis;

  Basis basis() const;
  async::Task<ReloadReport> read_again();
  ReloadReport take(Prepared prepared);

  Options options_;
  LoadOptions load_;
  Settings running_;
  Parts parts_;
  async::Lock turn_;
  std::uint64_t generation_ = 0;
  bool watch_config_ = true;
  std::shared_ptr<const std::string> text_;  // of the configuration in force
  Calendars calendars_;                      // of the configuration in force
  std::vector<SourceFile> in_force_;
  std::vector<SourceFile> last_read_;
};

}  // namespace belfry::daemon
