// Requests by hand, and what the engine shows of itself.

#include <algorithm>
#include <utility>

#include "engine/engine.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {
namespace {

Refusal not_found(std::string what) { return {.kind = Refusal::Kind::not_found, .message = std::move(what)}; }
std::string in_quotes(const std::string& name) { return "\"" + name + "\""; }

Refusal by_policy(std::string why) { return {.kind = Refusal::Kind::policy, .message = std::move(why)}; }

}  // namespace

std::expected<JobState*, Refusal> Engine::find(std::string_view job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    if (auto request = one_shots_.take(job)) return &wake_one_shot(*std::move(request));
  }
  if (found == jobs_.end() || found->second->removed) {
    return std::unexpected(not_found("there is no job \"" + std::string(job) + "\"; `belfry list` shows all"));
  }
  return found->second.get();
}

std::expected<ledger::RunId, Refusal> Engine::run_now(std::string_view job) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  JobState& state = **found;
  const std::string name = in_quotes(state.job->name);
  if (draining_ || tasks_ == nullptr) return std::unexpected(by_policy("belfryd is shutting down and starts nothing"));
  const auto taken =
      take_turn({.launch = {.trigger = ledger::RunTrigger::manual}, .state = state.shared_from_this(), .slot = {}});
  if (taken) return *taken;
  if (taken.error() != ledger::SlotReason::overlap) {
    return std::unexpected(by_policy("the group " + in_quotes(state.job->group->name) + " of " + name +
                                     " is full; `belfry status` shows what runs"));
  }
  if (state.job->overlap == Overlap::queue) return std::unexpected(by_policy("the queue of " + name + " is full"));
  return std::unexpected(
      by_policy(name + " is running and its concurrency_policy is forbid; wait for it or cancel it"));
}

std::expected<void, Refusal> Engine::cancel_run(ledger::RunId run, std::string_view by) {
  const std::string why = "cancelled by " + std::string(by);
  if (const auto found = live_.find(run); found != live_.end()) {
    found->second->cancel(async::CancelReason::user, why);
    return {};
  }
  if (const auto looking = looking_.find(run); looking != looking_.end()) {
    looking->second->cancel(async::CancelReason::user);
  }
  std::optional<Pending> pending = call(run);
  if (!pending) return std::unexpected(not_found("run " + std::to_string(run) + " is not under way"));
  const std::shared_ptr<JobState> state = pending->state;
  refuse(*std::move(pending), ledger::SlotReason::cancelled, why);
  for (auto& [name, group] : groups_) next_places(group);
  return {};
}

std::expected<std::string, Refusal> Engine::decide(ledger::RunId run, std::string_view step, ApprovalAnswer answer) {
  const auto found = live_.find(run);
  if (found == live_.end()) return std::unexpected(not_found("run " + std::to_string(run) + " is not under way"));
  return found->second->decide(step, std::move(answer));
}

std::expected<int, Refusal> Engine::cancel_job(std::string_view job, std::string_view by) {
  if (!jobs_.contains(job) && one_shots_.contains(job)) return 0;
  const auto found = jobs_.find(job);  // also one that a reload has removed, while it still runs
  if (found == jobs_.end() || (found->second->removed && found->second->running == 0)) {
    return std::unexpected(find(job).error());
  }
  const std::string why = "cancelled by " + std::string(by);
  int cancelled = static_cast<int>(waiting_room_.of(*found->second).size());
  clear_waiting(*found->second, ledger::SlotReason::cancelled, why);
  for (const auto& [id, run] : live_) {
    if (run->info().job != job) continue;
    run->cancel(async::CancelReason::user, why);
    ++cancelled;
  }
  for (auto& [name, group] : groups_) next_places(group);
  return cancelled;
}

std::expected<int, Refusal> Engine::catchup_run(std::string_view job) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  int count = 0;
  for (const WallTime slot : catchup_.remove(job)) {
    const auto run = missed_.find({std::string(job), slot});
    std::optional<Pending> pending = run == missed_.end() ? std::nullopt : call(run->second);
    if (!pending) continue;
    static_cast<void>(take_turn(*std::move(pending)));  // a refusal is on record
    ++count;
  }
  return count;
}

std::expected<int, Refusal> Engine::catchup_skip(std::string_view job) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  int count = 0;
  for (const WallTime slot : catchup_.remove(job)) {
    const auto run = missed_.find({std::string(job), slot});
    std::optional<Pending> pending = run == missed_.end() ? std::nullopt : call(run->second);
    if (!pending) continue;
    refuse(*std::move(pending), ledger::SlotReason::cancelled, "skipped by hand");
    ++count;
  }
  return count;
}

std::expected<void, Refusal> Engine::pause(std::string_view job, std::string reason, std::string by,
                                           std::optional<WallTime> until) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  const ledger::PauseChanged pause{.job = std::string(job),
                                   .paused = true,
                                   .reason = std::move(reason),
                                   .by = std::move(by),
                                   .at = wall_now(),
                                   .until = until};
  if (until && *until <= pause.at) return std::unexpected(by_policy("that time is over already"));
  (*found)->paused = std::make_unique<ledger::PauseChanged>(pause);
  if (until) pause_ends_.emplace(*until, pause.job);
  recorder_.record(pause);
  wake();
  return {};
}

std::expected<void, Refusal> Engine::resume_job(std::string_view job, std::string by) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  JobState& state = **found;
  if (state.breaker && state.breaker->state() != Breaker::State::closed) {
    state.breaker->reset();
    note_breaker(state, "closed by " + by);
  }
  if (!state.paused) return {};
  state.paused.reset();
  recorder_.record(ledger::PauseChanged{
      .job = std::string(job), .paused = false, .reason = {}, .by = std::move(by), .at = wall_now()});
  return {};
}

std::expected<std::string, Refusal> Engine::add_one_shot(ledger::OneShotAdded request) {
  if (draining_) return std::unexpected(by_policy("belfryd is shutting down and takes nothing on"));
  if (request.name.empty()) {
    request.name = fresh_name();
  } else if (jobs_.contains(request.name) || one_shots_.contains(request.name)) {
    return std::unexpected(by_policy("there is a job \"" + request.name + "\" already"));
  }
  request.at = wall_now();
  one_shots_.add(request);
  std::string name = request.name;
  recorder_.record(std::move(request));
  wake();
  return name;
}

std::string Engine::fresh_name() {
  std::string name;
  do {
    name = one_shots_.fresh_name();
  } while (jobs_.contains(name));
  return name;
}

std::expected<void, Refusal> Engine::remove_one_shot(std::string_view name) {
  if (!jobs_.contains(name) && one_shots_.take(name)) {
    recorder_.record(ledger::OneShotRemoved{.name = std::string(name)});
    return {};
  }
  const auto found = find(name);
  if (!found) return std::unexpected(found.error());
  JobState& state = **found;
  if (!state.one_shot) {
    return std::unexpected(by_policy("\"" + state.job->name + "\" is declared in the configuration: remove it there"));
  }
  if (state.running > 0) return std::unexpected(by_policy("it has started; cancel its run instead"));
  state.next.reset();
  due_.clear(state.slot);
  forget_if_done(state);
  return {};
}

EngineStatus Engine::status() const {
  EngineStatus status;
  status.generation = catalog_ ? catalog_->generation : 0;
  status.running = live_.size();
  for (const auto& [name, state] : jobs_) {
    if (!state->removed) ++status.jobs;
  }
  status.jobs += one_shots_.size();
  status.queued = waiting_room_.size();
  status.catchup = catchup_.size();
  status.looking = looking_.size();
  status.draining = draining_;
  status.next = due_.earliest_slot();
  if (const auto due = one_shots_.earliest()) status.next = std::min(status.next.value_or(*due), *due);
  status.one_shots = one_shots_.size();
  return status;
}

JobStatus Engine::status_of(const ledger::OneShotAdded& request) const {
  JobState state(one_shot_factory_(request));
  state.one_shot = true;
  state.next = request.due;
  return status_of(state);
}

JobStatus Engine::status_of(const JobState& state) const {
  JobStatus status{.name = state.job->name,
                   .description = state.job->description,
                   .action = state.job->action->describe(),
                   .schedule = state.job->schedule_text,
                   .timezone = state.job->timezone,
                   .enabled = state.job->enabled,
                   .one_shot = state.one_shot,
                   .paused = state.paused_at(wall_now()) ? std::optional(*state.paused) : std::nullopt,
                   .next = state.next,
                   .running = {},
                   .queued = waiting_room_.of(state).size(),
                   .breaker = state.breaker ? state.breaker->dump() : "",
                   .dependencies = dependencies_.dump(state.job->name),
                   .last_start = state.last_start,
                   .last_success = state.last_success,
                   .last_outcome = state.last_outcome(),
                   .consecutive_failures = state.consecutive_failures};
  if (state.running == 0) return status;
  for (const auto& [id, run] : live_) {
    if (run->info().job == state.job->name) status.running.push_back(run->info());
  }
  return status;
}

std::vector<JobStatus> Engine::jobs(std::size_t one_shots) const {
  std::vector<JobStatus> all;
  all.reserve(jobs_.size() + std::min(one_shots, one_shots_.size()));
  for (const auto& [name, state] : jobs_) {
    if (!state->removed || state->running > 0) all.push_back(status_of(*state));
  }
  for (const ledger::OneShotAdded& request : one_shots_.first(one_shots)) all.push_back(status_of(request));
  return all;
}

std::optional<JobStatus> Engine::job(std::string_view name) const {
  const auto found = jobs_.find(name);
  if (found != jobs_.end() && !found->second->removed) return status_of(*found->second);
  const auto request = one_shots_.find(name);
  return request ? std::optional(status_of(*request)) : std::nullopt;
}

std::vector<ActiveRun> Engine::runs_that_ask() const {
  std::vector<ActiveRun> asking;
  for (const auto& [id, run] : live_) {
    if (!run->info().approvals.empty()) asking.push_back(run->info());
  }
  return asking;
}

WallTime Engine::unanswered_since(std::string_view job) const {
  const auto found = jobs_.find(job);
  if (found != jobs_.end() && found->second->last_start) return *found->second->last_start;
  const auto declared = declared_.find(job);
  return declared == declared_.end() ? wall_now() : declared->second.at;
}

std::optional<ActiveRun> Engine::active_run(ledger::RunId run) const {
  const auto found = live_.find(run);
  if (found == live_.end()) return std::nullopt;
  return found->second->info();
}

std::vector<WaitingRun> Engine::waiting(std::size_t limit) const {
  std::vector<WaitingRun> all;
  for (const ledger::RunId run : waiting_room_.all()) {
    if (all.size() >= limit) break;
    const Pending& pending = *waiting_room_.find(run);
    all.push_back({.run = run,
                   .job = pending.state->job->name,
                   .trigger = pending.launch.trigger,
                   .scheduled_at = pending.launch.scheduled_at,
                   .waits_for = pending.waits_for,
                   .since = pending.since});
  }
  return all;
}

std::vector<GroupStatus> Engine::groups() const {
  std::vector<GroupStatus> all;
  all.reserve(groups_.size());
  for (const auto& [name, group] : groups_) {
    all.push_back({.name = name,
                   .policy = group.policy(),
                   .used = group.used(),
                   .running = group.running(),
                   .waiting = group.waiting()});
  }
  return all;
}

}  // namespace belfry::engine
