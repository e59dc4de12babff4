#include "observe/sla_watch.hpp"

#include <algorithm>
#include <utility>

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "async/wall_alarm.hpp"

namespace belfry::observe {

using engine::WallTime;
using ledger::Duration;

namespace {

SlaTime now() {
  const async::Loop& loop = async::Loop::current();
  return {.wall = loop.wall_now(), .monotonic = engine::Monotonic(Duration(loop.now_ns()))};
}

/// A job that is disabled is not expected to run.
engine::SlaPolicy policy_of(const engine::Job& job) {
  engine::SlaPolicy policy = job.sla;
  if (!job.enabled) {
    policy.max_time_since_success.reset();
    policy.late_after.reset();
  }
  return policy;
}

void set(async::TimerHeap& heap, async::TimerNode& node, std::optional<std::int64_t> key) {
  if (!key) return node.cancel();
  if (node.linked()) return heap.update(node, *key);
  heap.push(node, *key);
}

template <class Instant>
std::optional<std::int64_t> key_of(const std::optional<Instant>& at) {
  return at ? std::optional(at->time_since_epoch().count()) : std::nullopt;
}

}  // namespace

/// One member for each kind of event that a check depends on; the last one takes all others.
struct SlaWatch::Listener {
  SlaWatch& watch;

  void operator()(const engine::Resumed& resumed) const { watch.resume(*resumed.past); }
  void operator()(const engine::CatalogApplied& applied) const { watch.apply(applied); }

  void operator()(const engine::SlotWaits& slot) const {
    with(slot.job, [&](SlaJob& job) { job.slot_waits(slot.scheduled_at); });
  }
  void operator()(const ledger::SlotClosed& slot) const {
    with(slot.job, [&](SlaJob& job) { job.slots_closed(slot.scheduled_at, slot.last_scheduled_at); });
  }
  void operator()(const ledger::RunStarted& run) const {
    with(run.job, [&](SlaJob& job) { job.run_started(run, now(), watch.found_); });
  }
  void operator()(const engine::RunAdopted& adopted) const {
    const ledger::RunStarted& run = adopted.started;
    with(run.job, [&](SlaJob& job) { job.run_found(run.run, run.started_at, now()); });
  }
  void operator()(const ledger::RunEnded& run) const {
    with(run.job, [&](SlaJob& job) { job.run_ended(run, now(), watch.found_); });
  }

  template <class Other>
  void operator()(const Other&) const {}

 private:
  template <class Change>
  void with(const std::string& name, const Change& change) const {
    Watched* const watched = watch.find(name);
    if (watched == nullptr) return;
    change(watched->state);
    watch.arm(*watched);
    watch.publish();
  }
};

SlaWatch::SlaWatch(engine::EventStream& events, SlaSources sources) : events_(events), sources_(std::move(sources)) {}

SlaWatch::~SlaWatch() = default;

void SlaWatch::subscribe() {
  events_.subscribe([this](const engine::Event& event) { std::visit(Listener{*this}, event); });
}

void SlaWatch::resume(const ledger::Resume& past) {
  for (const ledger::JobDeclared& declared : past.declared) declared_.insert_or_assign(declared.job, declared);
}

void SlaWatch::apply(const engine::CatalogApplied& applied) {
  const auto& jobs = applied.catalog->jobs;
  std::erase_if(jobs_, [&](const auto& item) {
    const auto declared = jobs.find(item.first);
    if (declared != jobs.end() && !policy_of(*declared->second).empty()) return false;
    item.second->state.set_policy({}, now(), found_);
    return true;
  });
  for (const std::string& name : applied.changed) {  // before its new limits are looked at
    Watched* const changed = find(name);
    if (changed == nullptr) continue;
    changed->state.declared_anew(now().wall);
    unasked_.insert(name);  // it may need to know more of its past
  }
  for (const auto& [name, job] : jobs) watch(*job);
  declared_.clear();
  for (const auto& [name, watched] : jobs_) arm(*watched);
  publish();
  if (!unasked_.empty() && waiting_ != nullptr) waiting_->cancel(async::CancelReason::replaced);
}

void SlaWatch::watch(const engine::Job& job) {
  const engine::SlaPolicy policy = policy_of(job);
  if (policy.empty()) return;
  auto& watched = jobs_[job.name];
  if (!watched) {
    watched = std::make_unique<Watched>(job.name, declared_at(job));
    unasked_.insert(job.name);
  }
  watched->state.set_policy(policy, now(), found_);
}

/// What the ledger says of the same declaration: that a job never succeeds must not be forgotten by a restart.
WallTime SlaWatch::declared_at(const engine::Job& job) const {
  const auto before = declared_.find(job.name);
  const bool same = before != declared_.end() && before->second.fingerprint == job.fingerprint;
  return same ? before->second.at : now().wall;
}

SlaWatch::Watched* SlaWatch::find(const std::string& job) {
  const auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.get();
}

/// Puts it where it will be looked at next, and wakes the watch if that is earlier than all else.
void SlaWatch::arm(Watched& watched) {
  set(wall_, watched.by_wall, key_of(watched.state.next_wall()));
  set(monotonic_, watched.by_monotonic, key_of(watched.state.next_monotonic()));
  const bool earlier = wall_.next_key() < waits_for_wall_ || monotonic_.next_key() < waits_for_monotonic_;
  if (earlier && waiting_ != nullptr) waiting_->cancel(async::CancelReason::replaced);
}

async::Task<> SlaWatch::serve() {
  auto body = [this](async::TaskGroup& tasks) -> async::Task<> {
    tasks.start(serve_history(), async::SpawnOptions("sla history").kind("daemon"));
    co_await serve_time();
  };
  co_await async::with_task_group(body);
}

async::Task<> SlaWatch::serve_time() {
  async::WallAlarm alarm;
  for (;;) {
    learn();
    look_at_due();
    waits_for_wall_ = wall_.next_key();
    waits_for_monotonic_ = monotonic_.next_key();
    async::CancelScope until_earlier;
    waiting_ = &until_earlier;
    co_await until_earlier.run(alarm.wait_until(next_wake()));
    waiting_ = nullptr;
  }
}

/// Jobs that were watched already go on; of the new ones the engine tells what it knows, once it has them.
void SlaWatch::learn() {
  for (const std::string& name : std::exchange(unasked_, {})) {
    Watched* const watched = find(name);
    if (watched == nullptr) continue;
    const std::optional<engine::JobStatus> status = sources_.status(name);
    watched->state.know_last_success(status ? status->last_success : std::nullopt);
    if (status) {
      for (const engine::ActiveRun& run : status->running) watched->state.run_found(run.run, run.started_at, now());
    }
    watched->state.look(now(), found_);
    arm(*watched);
    if (const std::size_t runs = watched->state.wanted_history(); runs > 0) unread_.insert_or_assign(name, runs);
  }
  if (!unread_.empty()) has_unread_.set();
  publish();
}

async::Task<> SlaWatch::serve_history() {
  for (;;) {
    co_await has_unread_.wait();
    has_unread_.clear();
    const RunHistory history = co_await sources_.history(std::exchange(unread_, {}));
    for (const auto& [name, runs] : history) {
      if (Watched* const watched = find(name)) watched->state.know_history(runs, now());
    }
  }
}

void SlaWatch::look_at_due() {
  const SlaTime at = now();
  const auto look = [&](async::TimerNode* due) {
    Watched& watched = *static_cast<Node*>(due)->watched;
    watched.state.look(at, found_);
    arm(watched);
  };
  while (async::TimerNode* const due = wall_.pop_due(at.wall.time_since_epoch().count())) look(due);
  while (async::TimerNode* const due = monotonic_.pop_due(at.monotonic.time_since_epoch().count())) look(due);
  publish();
}

WallTime SlaWatch::next_wake() const {
  WallTime next = wall_.empty() ? WallTime::max() : WallTime(Duration(wall_.next_key()));
  if (!monotonic_.empty()) {
    const SlaTime at = now();
    const Duration left = Duration(monotonic_.next_key()) - at.monotonic.time_since_epoch();
    next = std::min(next, at.wall + std::max(left, Duration{1}));
  }
  return next;
}

void SlaWatch::publish() {
  for (const engine::Event& event : std::exchange(found_, {})) events_.publish(event);
}

std::vector<engine::SlaBreached> SlaWatch::breaches() const {
  std::vector<engine::SlaBreached> all;
  for (const auto& [name, watched] : jobs_) std::ranges::move(watched->state.breaches(), std::back_inserter(all));
  return all;
}

std::vector<engine::SlaBreached> SlaWatch::breaches(std::string_view job) const {
  const auto found = jobs_.find(job);
  return found == jobs_.end() ? std::vector<engine::SlaBreached>{} : found->second->state.breaches();
}

}  // namespace belfry::observe
