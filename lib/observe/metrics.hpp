// From events to /metrics: keeps the figures of the jobs, of the configuration and of the daemon itself, and gathers
// the collectors of the loop, the ledger and the process into one page. Owned by the daemon.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/event.hpp"
#include "observe/job_collector.hpp"

namespace belfry::observe {

/// What the daemon says of itself once.
struct BuildInfo {
  std::string version;
  std::string revision;  ///< of the source; "unknown" outside a checkout
};

class Metrics {
 public:
  /// `wall_now` is called by any thread. `started_at`: of the daemon.
  Metrics(const BuildInfo& build, engine::WallTime started_at, std::function<engine::WallTime()> wall_now);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Keeps the figures up to date from here on. The stream calls back on the loop's thread; *this must outlive it.
  /// REQUIRES: before the engine is resumed, or the counters do not go on where the last daemon stopped.
  void subscribe(engine::EventStream& events);

  /// Takes note of one event. Loop thread only. Never blocks on a scrape.
  void observe(const engine::Event& event);

  /// A configuration was read, at the start or by a reload. Any thread.
  void config_loaded(bool succeeded, engine::WallTime at);

  /// Adds a source of figures to the page (loop_collector.hpp and its like). REQUIRES: before the first scrape.
  void add(std::shared_ptr<prometheus::Collectable> source);

  /// All sources, for an exposer.
  const std::vector<std::shared_ptr<prometheus::Collectable>>& sources() const noexcept { return sources_; }

  /// The whole page in the text format 0.0.4, for those who serve it themselves. Any thread.
  std::string text() const;

 private:
  struct Listener;

  void resume(std::shared_ptr<const ledger::Resume> past);
  void note(const engine::GroupChanged& group);
  void apply(const engine::CatalogApplied& applied);
  void retire_all_but(const std::map<std::string, std::shared_ptr<const engine::Job>, std::less<>>& jobs);
  std::shared_ptr<JobSeries> series_named(const std::string& name);
  std::shared_ptr<JobSeries> series_of(const std::string& job);
  JobSeries* declared(const std::string& job) const;
  JobSeries* series_of_run(ledger::RunId run) const;

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Gauge& last_reload_successful_;
  prometheus::Gauge& last_reload_success_timestamp_;
  prometheus::Counter& reloads_succeeded_;
  prometheus::Counter& reloads_failed_;
  prometheus::Counter& jumps_forward_;
  prometheus::Counter& jumps_backward_;
  prometheus::Counter& suspended_;
  prometheus::Counter& unaccounted_;
  prometheus::Gauge& catchup_waiting_;
  prometheus::Gauge& one_shots_waiting_;
  prometheus::Family<prometheus::Gauge>& config_hash_;
  prometheus::Family<prometheus::Gauge>& group_limit_;
  prometheus::Family<prometheus::Gauge>& group_in_use_;
  prometheus::Family<prometheus::Gauge>& group_queued_;
  std::shared_ptr<JobCollector> jobs_;
  std::vector<std::shared_ptr<prometheus::Collectable>> sources_;

  // Loop thread only.
  prometheus::Gauge* config_in_force_ = nullptr;  // of config_hash_
  // until the first generation is in force
  std::shared_ptr<const ledger::Resume> past_;
  std::unordered_map<std::string_view, const ledger::JobTotals*> totals_;  // into past_
  std::unordered_set<std::string_view> past_one_shots_;                    // into past_
  std::map<std::string, std::shared_ptr<JobSeries>, std::less<>> by_name_;
  std::map<std::string, std::weak_ptr<JobSeries>, std::less<>>
      retired_;                                                 // removed jobs; alive while runs of theirs are
  std::shared_ptr<JobSeries> one_shots_;                        // set when the first one shows up
  std::map<ledger::RunId, std::shared_ptr<JobSeries>> by_run_;  // runs under way, also of jobs that were removed
};

}  // namespace belfry::observe
