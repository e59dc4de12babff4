#include "daemon/simulate/tally.hpp"

#include <variant>

namespace belfry::daemon {

using ledger::SlotReason;
using ledger::SlotResult;

std::uint64_t JobTally::count(SlotResult result) const {
  std::uint64_t sum = 0;
  for (const auto& [key, closed] : results) sum += key.first == result ? closed : 0;
  return sum;
}

std::uint64_t JobTally::count(SlotResult result, SlotReason reason) const {
  const auto found = results.find({result, reason});
  return found == results.end() ? 0 : found->second;
}

struct Tally::Visitor {
  Tally& tally;
  WallTime now;

  void operator()(const ledger::SlotClosed& slot) const {
    JobTally& job = tally.jobs[slot.job];
    job.slots += slot.count;
    tally.slots += slot.count;
    job.results[{slot.result, slot.reason}] += slot.count;
    if (slot.reason != SlotReason::group && slot.reason != SlotReason::rate) return;
    const auto declared = tally.catalog_->jobs.find(slot.job);
    if (declared == tally.catalog_->jobs.end() || !declared->second->group) return;
    tally.groups[declared->second->group->name].refused += slot.count;
  }

  void operator()(const ledger::RunStarted& run) const {
    tally.under_way_.emplace(run.run, std::pair(run.job, run.started_at));
    tally.enter(run.job, now);
    JobTally& job = tally.jobs[run.job];
    ++job.runs;
    if (!run.scheduled_at || run.started_at <= *run.scheduled_at) return;
    ++job.waited;
    const Duration wait = run.started_at - *run.scheduled_at;
    if (wait <= job.longest_wait) return;
    job.longest_wait = wait;
    job.longest_wait_slot = *run.scheduled_at;
  }

  void operator()(const ledger::RunEnded& run) const {
    const auto found = tally.under_way_.find(run.run);
    if (found == tally.under_way_.end()) return;  // asked for, and never started
    tally.under_way_.erase(found);
    tally.leave(run.job, now);
    JobTally& job = tally.jobs[run.job];
    job.busy += run.ended_at - run.started_at;
    const bool well = run.outcome == ledger::Outcome::success || run.outcome == ledger::Outcome::cancelled;
    if (!well) ++job.failed;
  }

  void operator()(const engine::QueueChanged& queue) const {
    JobTally& job = tally.jobs[queue.job];
    tally.queued.set(tally.queued.now + queue.queued - job.queued.now, now);
    job.queued.set(queue.queued, now);
  }

  void operator()(const engine::SlotUnaccounted& slot) const { tally.unaccounted += slot.count; }

  void operator()(const auto& /*other*/) const {}
};

Tally::Tally(std::shared_ptr<const engine::Catalog> catalog) : catalog_(std::move(catalog)) {
  for (const auto& [name, job] : catalog_->jobs) jobs.emplace(name, JobTally{});
  for (const auto& [name, group] : catalog_->groups) groups[name].limit = group.limit;
}

void Tally::take(const engine::Event& event, WallTime now) {
  if (!closed_) std::visit(Visitor{*this, now}, event);
}

void Tally::enter(std::string_view job, WallTime now) {
  running.set(running.now + 1, now);
  Peak& own = jobs.find(job)->second.running;
  own.set(own.now + 1, now);
  change_group(job, 1, now);
}

void Tally::leave(std::string_view job, WallTime now) {
  running.set(running.now - 1, now);
  Peak& own = jobs.find(job)->second.running;
  own.set(own.now - 1, now);
  change_group(job, -1, now);
}

void Tally::change_group(std::string_view job, int sign, WallTime now) {
  const auto declared = catalog_->jobs.find(job);
  if (declared == catalog_->jobs.end() || !declared->second->group) return;
  const engine::GroupUse& use = *declared->second->group;
  GroupTally& group = groups[use.name];
  const auto weight = static_cast<std::uint64_t>(use.weight);
  group.in_use.set(sign > 0 ? group.in_use.now + weight : group.in_use.now - weight, now);
  const bool full = group.limit && group.in_use.now >= static_cast<std::uint64_t>(*group.limit);
  if (full && !group.full_since) {
    group.full_since = now;
  } else if (!full && group.full_since) {
    group.saturated += now - *group.full_since;
    group.full_since.reset();
  }
}

void Tally::close(WallTime now) {
  closed_ = true;
  for (const auto& [run, what] : under_way_) {
    JobTally& job = jobs.find(what.first)->second;
    ++job.cut_off;
    job.busy += now - what.second;
  }
  for (auto& [name, group] : groups) {
    if (group.full_since) group.saturated += now - *group.full_since;
  }
}

}  // namespace belfry::daemon
