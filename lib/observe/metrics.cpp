#include "observe/metrics.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "observe/family.hpp"
#include "observe/metrics_page.hpp"

namespace belfry::observe {

namespace {

/// Jobs that are not declared are one-shots: there is no end of their names, so they share one entry.
constexpr std::string_view kOneShot = "one-shot";

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help,
                         const prometheus::Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help,
                             const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

constexpr const char* kReloads = "belfry_config_reloads_total";
constexpr const char* kReloadsHelp = "Configurations that were read, at the start and by reloads, by result.";
constexpr const char* kJumps = "belfry_clock_jumps_total";
constexpr const char* kJumpsHelp = "Steps of the wall clock that the daemon noticed.";

}  // namespace

/// One member for each kind of event that changes a figure; the last one takes all others.
struct Metrics::Listener {
  Metrics& metrics;

  void operator()(const engine::CatalogApplied& applied) const { metrics.apply(applied); }
  void operator()(const engine::Resumed& resumed) const { metrics.resume(resumed.past); }

  // These mean nothing for one-shots, which share one entry.
  void operator()(const engine::SlotPlanned& planned) const {
    if (auto* const series = metrics.declared(planned.job)) series->next_run.set(planned.next);
  }
  void operator()(const engine::QueueChanged& queue) const {
    if (auto* const series = metrics.declared(queue.job)) series->queued.set(queue.queued);
  }
  void operator()(const ledger::PauseChanged& pause) const {
    if (auto* const series = metrics.declared(pause.job)) series->paused.set(pause.paused);
  }

  void operator()(const ledger::SlotClosed& slot) const {
    // The queue of a job that a reload removed is emptied after its series is gone.
    if (slot.reason == ledger::SlotReason::reloaded && metrics.declared(slot.job) == nullptr) return;
    metrics.series_of(slot.job)->on(slot);
  }

  void operator()(const ledger::RunStarted& run) const { begun(run).note_delay(run); }
  void operator()(const engine::RunAdopted& adopted) const { begun(adopted.started); }

  void operator()(const engine::SlotUnaccounted& slot) const {
    metrics.unaccounted_.Increment(static_cast<double>(slot.count));
  }

  void operator()(const engine::AttemptStarted& attempt) const { of_run(attempt.run, attempt.job).on(attempt); }
  void operator()(const ledger::StepEnded& step) const { of_run(step.run, step.job).on(step); }
  void operator()(const ledger::AttemptEnded& attempt) const { of_run(attempt.run, attempt.job).on(attempt); }
  void operator()(const engine::ApprovalAsked& asked) const { of_run(asked.run, asked.job).approvals_waiting.add(1); }
  void operator()(const engine::ApprovalSettled& settled) const {
    auto& waiting = of_run(settled.run, settled.job).approvals_waiting;
    waiting.set(waiting.get() - 1);
  }
  void operator()(const engine::RetryPlanned& retry) const { of_run(retry.run, retry.job).retry_planned(); }

  void operator()(const ledger::RunEnded& run) const {
    of_run(run.run, run.job).on(run);
    metrics.by_run_.erase(run.run);
  }

  void operator()(const ledger::ClockJumped& jump) const {
    if (jump.what == ledger::ClockJumped::What::suspend) return metrics.suspended_.Increment(seconds(jump.step));
    (jump.step.count() >= 0 ? metrics.jumps_forward_ : metrics.jumps_backward_).Increment();
  }

  void operator()(const engine::GroupChanged& group) const { metrics.note(group); }
  void operator()(const engine::CatchupChanged& catchup) const {
    metrics.catchup_waiting_.Set(static_cast<double>(catchup.waiting));
  }
  void operator()(const engine::BreakerTurned& breaker) const {
    if (auto* const series = metrics.declared(breaker.job)) series->breaker.set(breaker.state);
  }
  void operator()(const engine::SlaBreached& breach) const {
    if (auto* const series = metrics.declared(breach.job)) series->on(breach);
  }
  void operator()(const engine::SlaMet& met) const {
    if (auto* const series = metrics.declared(met.job)) series->on(met);
  }
  void operator()(const ledger::OneShotAdded&) const { metrics.one_shots_waiting_.Increment(); }
  void operator()(const ledger::OneShotRemoved&) const { metrics.one_shots_waiting_.Decrement(); }

  template <class Other>
  void operator()(const Other&) const {}

 private:
  JobSeries& begun(const ledger::RunStarted& run) const {
    const auto series = metrics.series_of(run.job);
    series->on(run);
    metrics.by_run_.insert_or_assign(run.run, series);
    return *series;
  }

  /// By the run: its job may have been removed since. A run of the last daemon (lost) is found by its job.
  JobSeries& of_run(ledger::RunId run, const std::string& job) const {
    JobSeries* const found = metrics.series_of_run(run);
    return found != nullptr ? *found : *metrics.series_of(job);
  }
};

Metrics::Metrics(const BuildInfo& build, engine::WallTime started_at, std::function<engine::WallTime()> wall_now)
    : registry_(std::make_shared<prometheus::Registry>()),
      last_reload_successful_(gauge(*registry_, "belfry_config_last_reload_successful",
                                    "1 when the configuration that was read last is in force, 0 when it was refused.")),
      last_reload_success_timestamp_(gauge(*registry_, "belfry_config_last_reload_success_timestamp_seconds",
                                           "When the configuration in force was read.")),
      reloads_succeeded_(counter(*registry_, kReloads, kReloadsHelp, {{"result", "success"}})),
      reloads_failed_(counter(*registry_, kReloads, kReloadsHelp, {{"result", "failure"}})),
      jumps_forward_(counter(*registry_, kJumps, kJumpsHelp, {{"direction", "forward"}})),
      jumps_backward_(counter(*registry_, kJumps, kJumpsHelp, {{"direction", "backward"}})),
      suspended_(counter(*registry_, "belfry_suspended_seconds_total",
                         "For how long the machine slept while the daemon was there.")),
      unaccounted_(counter(*registry_, "belfry_slots_unaccounted_total",
                           "Slots that came due and ended in no ledger entry: always 0, or a bug of belfry.")),
      catchup_waiting_(gauge(*registry_, "belfry_catchup_waiting", "Missed slots that wait for the catch-up budget.")),
      one_shots_waiting_(gauge(*registry_, "belfry_one_shots_waiting", "One-shots that have not ended.")),
      config_hash_(gauges(*registry_, "belfry_config_hash_info", "1; the label tells the configuration in force.")),
      group_limit_(gauges(*registry_, "belfry_group_limit",
                          "Most that the weights of the group's runs may sum up to; absent when there is no limit.")),
      group_in_use_(gauges(*registry_, "belfry_group_in_use", "Sum of the weights of the group's runs under way.")),
      group_queued_(gauges(*registry_, "belfry_group_queued", "Runs that wait for their place in the group.")),
      jobs_(std::make_shared<JobCollector>(std::move(wall_now))),
      sources_{registry_, jobs_} {
  gauge(*registry_, "belfry_build_info", "1; the labels say which belfryd this is.",
        {{"version", build.version}, {"revision", build.revision}})
      .Set(1);
  gauge(*registry_, "belfry_start_time_seconds", "When the daemon started.").Set(timestamp(started_at));
}

void Metrics::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event& event) { observe(event); });
}

void Metrics::observe(const engine::Event& event) { std::visit(Listener{*this}, event); }

void Metrics::config_loaded(bool succeeded, engine::WallTime at) {
  (succeeded ? reloads_succeeded_ : reloads_failed_).Increment();
  last_reload_successful_.Set(succeeded ? 1 : 0);
  if (succeeded) last_reload_success_timestamp_.Set(timestamp(at));
}

void Metrics::add(std::shared_ptr<prometheus::Collectable> source) { sources_.push_back(std::move(source)); }

std::string Metrics::text() const { return text_page(sources_); }

void Metrics::resume(std::shared_ptr<const ledger::Resume> past) {
  past_ = std::move(past);
  for (const ledger::JobTotals& totals : past_->jobs) totals_.emplace(totals.job, &totals);
  for (const ledger::OneShotAdded& one_shot : past_->one_shots) past_one_shots_.emplace(one_shot.name);
  one_shots_waiting_.Set(static_cast<double>(past_->one_shots.size()));
}

void Metrics::note(const engine::GroupChanged& group) {
  const prometheus::Labels labels{{"group", group.group}};
  const auto set = [&](prometheus::Family<prometheus::Gauge>& family, std::optional<double> value) {
    prometheus::Gauge& gauge = family.Add(labels);
    if (value && !group.gone) return gauge.Set(*value);
    family.Remove(&gauge);
  };
  set(group_limit_, group.limit ? std::optional(static_cast<double>(*group.limit)) : std::nullopt);
  set(group_in_use_, static_cast<double>(group.in_use));
  set(group_queued_, static_cast<double>(group.waiting));
}

void Metrics::apply(const engine::CatalogApplied& applied) {
  const auto& jobs = applied.catalog->jobs;
  if (config_in_force_ != nullptr) config_hash_.Remove(config_in_force_);
  config_in_force_ = &config_hash_.Add({{"sha256", applied.catalog->fingerprint}});
  config_in_force_->Set(1);
  retire_all_but(jobs);
  auto entries = std::make_shared<JobEntries>();
  entries->reserve(jobs.size() + 1);
  for (const auto& [name, job] : jobs) {
    entries->push_back({.job = job, .name = name, .series = series_named(name)});
  }
  if (past_) {
    for (const ledger::PauseChanged& pause : past_->paused) {
      if (auto* const series = declared(pause.job)) series->paused.set(pause.paused);
    }
    past_one_shots_.clear();
    totals_.clear();
    past_.reset();  // it matters to the first generation only
  }
  if (one_shots_ && !jobs.contains(kOneShot)) {
    entries->push_back({.job = nullptr, .name = std::string(kOneShot), .series = one_shots_});
  }
  jobs_->replace(std::move(entries));
}

void Metrics::retire_all_but(const std::map<std::string, std::shared_ptr<const engine::Job>, std::less<>>& jobs) {
  std::erase_if(retired_, [](const auto& item) { return item.second.expired(); });
  std::erase_if(by_name_, [&](const auto& item) {
    if (jobs.contains(item.first)) return false;
    retired_.insert_or_assign(item.first, item.second);
    return true;
  });
}

std::shared_ptr<JobSeries> Metrics::series_named(const std::string& name) {
  auto& series = by_name_[name];
  if (series) return series;
  if (const auto retired = retired_.find(name); retired != retired_.end()) series = retired->second.lock();
  if (series) return series;
  series = std::make_shared<JobSeries>();
  if (const auto totals = totals_.find(name); totals != totals_.end()) series->seed(*totals->second);
  return series;
}

JobSeries* Metrics::declared(const std::string& job) const {
  const auto found = by_name_.find(job);
  return found == by_name_.end() ? nullptr : found->second.get();
}

std::shared_ptr<JobSeries> Metrics::series_of(const std::string& job) {
  if (const auto found = by_name_.find(job); found != by_name_.end()) return found->second;
  // Lost runs are told before the first generation: their job is probably in it, and if not, apply() drops the series.
  if (past_ && !past_one_shots_.contains(job)) return series_named(job);
  if (const auto found = by_name_.find(kOneShot); found != by_name_.end()) return found->second;  // declared: shared
  if (!one_shots_) {
    one_shots_ = std::make_shared<JobSeries>();
    auto entries = std::make_shared<JobEntries>(*jobs_->jobs());
    entries->push_back({.job = nullptr, .name = std::string(kOneShot), .series = one_shots_});
    jobs_->replace(std::move(entries));
  }
  return one_shots_;
}

JobSeries* Metrics::series_of_run(ledger::RunId run) const {
  const auto found = by_run_.find(run);
  return found == by_run_.end() ? nullptr : found->second.get();
}

}  // namespace belfry::observe
