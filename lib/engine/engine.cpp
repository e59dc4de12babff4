// From the first slot to the last run; the rest of the engine is in the files that engine.hpp names.

#include "engine/engine.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "async/fault_point.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "engine/engine_clock.hpp"

namespace belfry::engine {
namespace {

/// How long a run that has ended stays in the table of live runs, at least, so that many are forgotten at once.
constexpr Duration forget_pause = std::chrono::seconds{1};

async::Task<> wait_for(async::Event& event) { co_await event.wait(); }

}  // namespace

Engine::Engine(ledger::Ledger& ledger, EventStream& events, OneShotFactory one_shots, ledger::LiveRuns* live)
    : recorder_(ledger, events, live), one_shot_factory_(std::move(one_shots)) {
  idle_.set();
}

Engine::~Engine() = default;

async::Task<> Engine::serve() {
  async::CancelScope keeping;  // not in the body: one that is cancelled ends before the tasks in these scopes do
  async::CancelScope claiming;
  auto body = [&](async::TaskGroup& tasks) -> async::Task<> {
    tasks_ = &tasks;
    if (recorder_.live() != nullptr) {
      tasks.start([this, &keeping]() -> async::Task<> { co_await keeping.run(forget_ended_runs()); },
                  async::SpawnOptions("live runs").kind("daemon"));
    }
    tasks.start([this, &claiming]() -> async::Task<> { co_await claiming.run(make_claims_durable()); },
                async::SpawnOptions("claims").kind("daemon"));
    co_await serve_slots();
    co_await idle_.wait();
    keeping.cancel(async::CancelReason::shutdown);
    claiming.cancel(async::CancelReason::shutdown);
  };
  co_await async::with_task_group(body);
  tasks_ = nullptr;
}

/// The table of live runs lets go of a run when its end is durable: until then it is the only word of it.
async::Task<> Engine::forget_ended_runs() {
  for (;;) {
    co_await run_ended_.wait();
    run_ended_.clear();
    co_await async::sleep(forget_pause);
    std::ranges::move(recorder_.take_ended(), std::back_inserter(ended_));
    const bool settled = past_ == nullptr;
    co_await ledger::flush(recorder_.ledger());
    BELFRY_FAULT_POINT("run.durable");
    if (settled) recorder_.live()->settled();
    forget_ended();
    BELFRY_FAULT_POINT("run.forgotten");
  }
}

/// What is made up for has time: it does not start before a power cut could find its claim on the disk.
async::Task<> Engine::make_claims_durable() {
  for (;;) {
    co_await claims_written_.wait();
    const std::uint64_t claimed = claims_;
    co_await ledger::flush(recorder_.ledger());
    if (claims_ != claimed) continue;  // more of them were claimed meanwhile
    claims_written_.clear();
    claims_durable_at_ = wall_now();
    wake();
  }
}

void Engine::forget_ended() {
  if (ended_.empty()) return;
  for (const ledger::RunId run : std::exchange(ended_, {})) recorder_.live()->forget(run);
  recorder_.live()->tell_keeper();
}

void Engine::all_is_durable() {
  if (recorder_.live() == nullptr) return;
  if (past_ == nullptr) recorder_.live()->settled();
  std::ranges::move(recorder_.take_ended(), std::back_inserter(ended_));
  forget_ended();
}

void Engine::wake() {
  if (waiting_ != nullptr) waiting_->cancel(async::CancelReason::replaced);
}

async::Task<> Engine::drain(Duration grace) {
  if (!std::exchange(draining_, true)) {
    recorder_.publish(Draining{});
    for (const ledger::RunId run : waiting_room_.all()) {
      if (auto pending = call(run)) refuse(*std::move(pending), ledger::SlotReason::shutdown, "belfryd shut down");
    }
    for (const auto& [run, scope] : looking_) scope->cancel(async::CancelReason::shutdown);
    BELFRY_FAULT_POINT("daemon.intake_stopped");
    wake();
  }
  co_await async::move_on_after(grace, wait_for(idle_));
  for (const auto& [id, run] : live_) run->cancel(async::CancelReason::shutdown, "ended because belfryd shut down");
  co_await idle_.wait();
}

std::string Engine::dump() const {
  std::string text;
  for (const auto& [id, run] : live_) text += run->dump() + "\n";
  for (const ledger::RunId id : waiting_room_.all()) {
    const Pending& pending = *waiting_room_.find(id);
    text += pending.slot ? pending.slot->dump() : pending.state->job->name;
    text += " run " + std::to_string(id) + " waits for its " + std::string(to_string(pending.waits_for)) + "\n";
  }
  for (const auto& [name, group] : groups_) text += group.dump() + "\n";
  return text;
}

}  // namespace belfry::engine
