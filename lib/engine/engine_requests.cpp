// Requests by hand, and what the engine shows of itself.

#include <algorithm>
#include <utility>

#include "async/loop.hpp"
#include "engine/engine.hpp"

namespace belfry::engine {
namespace {

WallTime wall_now() { return async::Loop::current().wall_now(); }

Refusal not_found(std::string what) { return {.kind = Refusal::Kind::not_found, .message = std::move(what)}; }
Refusal by_policy(std::string why) { return {.kind = Refusal::Kind::policy, .message = std::move(why)}; }

}  // namespace

std::expected<JobState*, Refusal> Engine::find(std::string_view job) const {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || found->second->removed) {
    return std::unexpected(not_found("there is no job \"" + std::string(job) + "\"; `belfry list` shows all"));
  }
  return found->second.get();
}

std::expected<ledger::RunId, Refusal> Engine::run_now(std::string_view job) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  JobState& state = **found;
  if (draining_ || runs_ == nullptr) return std::unexpected(by_policy("belfryd is shutting down and starts nothing"));
  const bool busy = state.running > 0 || !state.queue.empty();
  if (busy && state.job->overlap == Overlap::forbid) {
    return std::unexpected(by_policy("\"" + state.job->name +
                                     "\" is running and its concurrency_policy is forbid; wait for it or cancel it"));
  }
  const Launch launch{
      .run = recorder_.ledger().next_run_id(), .trigger = ledger::RunTrigger::manual, .scheduled_at = std::nullopt};
  if (busy && state.job->overlap == Overlap::queue) {
    if (state.queue.size() >= static_cast<std::size_t>(state.job->queue_limit)) {
      return std::unexpected(by_policy("the queue of \"" + state.job->name + "\" is full"));
    }
    state.queue.push_back(launch);
    recorder_.publish(QueueChanged{.job = state.job->name, .queued = state.queue.size()});
  } else {
    start(state, launch);
  }
  return launch.run;
}

std::expected<void, Refusal> Engine::cancel_run(ledger::RunId run, std::string_view by) {
  const std::string why = "cancelled by " + std::string(by);
  if (const auto found = live_.find(run); found != live_.end()) {
    found->second->cancel(async::CancelReason::user, why);
    return {};
  }
  for (const auto& [name, state] : jobs_) {
    const auto waiting = std::ranges::find(state->queue, run, &Launch::run);
    if (waiting == state->queue.end()) continue;
    const Launch launch = *waiting;
    state->queue.erase(waiting);
    drop(*state, launch, ledger::SlotReason::cancelled, why);
    recorder_.publish(QueueChanged{.job = name, .queued = state->queue.size()});
    return {};
  }
  return std::unexpected(not_found("run " + std::to_string(run) + " is not under way"));
}

std::expected<int, Refusal> Engine::cancel_job(std::string_view job, std::string_view by) {
  const auto found = jobs_.find(job);  // also one that a reload has removed, while it still runs
  if (found == jobs_.end() || (found->second->removed && found->second->running == 0)) {
    return std::unexpected(find(job).error());
  }
  const std::string why = "cancelled by " + std::string(by);
  int cancelled = static_cast<int>(found->second->queue.size());
  clear_queue(*found->second, ledger::SlotReason::cancelled, why);
  for (const auto& [id, run] : live_) {
    if (run->info().job != job) continue;
    run->cancel(async::CancelReason::user, why);
    ++cancelled;
  }
  return cancelled;
}

std::expected<void, Refusal> Engine::pause(std::string_view job, std::string reason, std::string by) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  (*found)->paused = ledger::PauseChanged{
      .job = std::string(job), .paused = true, .reason = std::move(reason), .by = std::move(by), .at = wall_now()};
  recorder_.record(*(*found)->paused);
  return {};
}

std::expected<void, Refusal> Engine::resume_job(std::string_view job, std::string by) {
  const auto found = find(job);
  if (!found) return std::unexpected(found.error());
  if (!(*found)->paused) return {};
  (*found)->paused.reset();
  recorder_.record(ledger::PauseChanged{
      .job = std::string(job), .paused = false, .reason = {}, .by = std::move(by), .at = wall_now()});
  return {};
}

std::expected<std::string, Refusal> Engine::add_one_shot(ledger::OneShotAdded request) {
  if (draining_) return std::unexpected(by_policy("belfryd is shutting down and takes nothing on"));
  if (request.name.empty()) {
    do {
      request.name = "one-shot-" + std::to_string(next_one_shot_++);
    } while (jobs_.contains(request.name));
  } else if (jobs_.contains(request.name)) {
    return std::unexpected(by_policy("there is a job \"" + request.name + "\" already"));
  }
  request.at = wall_now();
  auto state = new_state(one_shot_factory_(request));
  state->one_shot = true;
  jobs_.emplace(request.name, state);
  std::string name = request.name;
  const WallTime due = request.due;
  recorder_.record(std::move(request));
  plan(*state, due - Duration{1});
  wake();
  return name;
}

std::expected<void, Refusal> Engine::remove_one_shot(std::string_view name) {
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
    status.queued += state->queue.size();
  }
  status.draining = draining_;
  status.next = due_.earliest();
  return status;
}

JobStatus Engine::status_of(const JobState& state) const {
  JobStatus status{.name = state.job->name,
                   .description = state.job->description,
                   .action = state.job->action->describe(),
                   .schedule = state.job->schedule_text,
                   .timezone = state.job->timezone,
                   .enabled = state.job->enabled,
                   .one_shot = state.one_shot,
                   .paused = state.paused,
                   .next = state.next,
                   .running = {},
                   .queued = state.queue.size(),
                   .last_start = state.last_start,
                   .last_success = state.last_success,
                   .last_outcome = state.last_outcome,
                   .consecutive_failures = state.consecutive_failures};
  if (state.running == 0) return status;
  for (const auto& [id, run] : live_) {
    if (run->info().job == state.job->name) status.running.push_back(run->info());
  }
  return status;
}

std::vector<JobStatus> Engine::jobs() const {
  std::vector<JobStatus> all;
  all.reserve(jobs_.size());
  for (const auto& [name, state] : jobs_) {
    if (!state->removed || state->running > 0) all.push_back(status_of(*state));
  }
  return all;
}

std::optional<JobStatus> Engine::job(std::string_view name) const {
  const auto found = find(name);
  if (!found) return std::nullopt;
  return status_of(**found);
}

std::optional<ActiveRun> Engine::active_run(ledger::RunId run) const {
  const auto found = live_.find(run);
  if (found == live_.end()) return std::nullopt;
  return found->second->info();
}

}  // namespace belfry::engine
