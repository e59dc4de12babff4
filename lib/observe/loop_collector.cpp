#include <map>
#include <string>
#include <utility>

#include "async/loop.hpp"
#include "async/loop_stats.hpp"
#include "async/uv_handle.hpp"
#include "observe/collectors.hpp"
#include "observe/duration_histogram.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

namespace {

using Families = std::vector<prometheus::MetricFamily>;

/// A step that has been running for so long holds everything else up: the loop counts as stalled.
constexpr async::Duration kStalled = std::chrono::milliseconds{100};

double number(auto value) { return static_cast<double>(value); }

void collect_loop(const async::LoopStats& stats, Families& out) {
  auto lag = FamilyBuilder::histogram("belfry_loop_lag_seconds", "How late due timers fired and ready work ran.");
  add_sample(lag, stats.lag);
  lag.move_to(out);
  auto steps = FamilyBuilder::histogram("belfry_callback_duration_seconds",
                                        "How long single steps of tasks and callbacks took.");
  add_sample(steps, stats.step_time);
  steps.move_to(out);
  FamilyBuilder::counter("belfry_loop_iterations_total", "Turns of the loop.")
      .add({}, number(stats.iterations))
      .move_to(out);
  FamilyBuilder::gauge("belfry_timer_heap_size", "Timers that are set, on the monotonic and the wall clock.")
      .add({}, number(stats.timers + stats.wall_timers))
      .move_to(out);
  FamilyBuilder::counter("belfry_timers_fired_total", "Timers that fired.")
      .add({}, number(stats.timers_fired))
      .move_to(out);
  FamilyBuilder::counter("belfry_loop_idle_seconds_total",
                         "For how long the loop slept because there was nothing to do.")
      .add({}, seconds(stats.idle))
      .move_to(out);
  const async::Duration elapsed = stats.running ? stats.running->elapsed : async::Duration{};
  FamilyBuilder::gauge("belfry_loop_stalled", "1 while one step has been holding the loop for over 0.1 seconds.")
      .add({}, elapsed >= kStalled ? 1 : 0)
      .move_to(out);
  FamilyBuilder::gauge("belfry_loop_current_step_seconds", "For how long the step that runs now has been running.")
      .add({}, seconds(elapsed))
      .move_to(out);
}

/// By place and kind: the names of tasks are those of jobs and runs, of which there is no end.
void collect_slow_steps(const async::LoopStats& stats, Families& out) {
  FamilyBuilder::counter("belfry_loop_slow_steps_total",
                         "Steps that took longer than the threshold, wherever they were.")
      .add({}, number(stats.slow_steps))
      .move_to(out);
  std::map<std::pair<std::string, std::string>, std::uint64_t> sites;
  for (const async::SlowPlace& slow : stats.slow_places) sites[{slow.kind, to_string(slow.place)}] += slow.count;
  auto family = FamilyBuilder::counter("belfry_slow_callbacks_total",
                                       "Steps that took longer than the threshold, by the place that they began at.");
  for (const auto& [site, count] : sites) family.add({{"kind", site.first}, {"site", site.second}}, number(count));
  family.move_to(out);
}

void collect_tasks(const async::LoopStats& stats, Families& out) {
  auto live = FamilyBuilder::gauge("belfry_tasks_live", "Tasks that have not ended.");
  auto created = FamilyBuilder::counter("belfry_tasks_created_total", "Tasks that were ever spawned.");
  auto finished = FamilyBuilder::counter("belfry_tasks_finished_total", "Tasks that have ended.");
  auto leaked =
      FamilyBuilder::gauge("belfry_tasks_leaked", "Tasks without an owner, or past the expected life of their kind.");
  for (const async::KindStats& kind : stats.kinds) {
    live.add({{"kind", kind.kind}}, number(kind.live));
    created.add({{"kind", kind.kind}}, number(kind.created));
    finished.add({{"kind", kind.kind}}, number(kind.finished));
    leaked.add({{"kind", kind.kind}}, number(kind.leaked));
  }
  for (FamilyBuilder* family : {&live, &created, &finished, &leaked}) family->move_to(out);
  FamilyBuilder::counter("belfry_task_errors_unretrieved_total",
                         "Tasks that failed when nobody was left to take the error.")
      .add({}, number(stats.errors_not_retrieved))
      .move_to(out);
}

void collect_ages(const async::LoopStats& stats, Families& out) {
  auto family =
      FamilyBuilder::gauge("belfry_task_oldest_age_seconds", "For how long the oldest task of the kind has lived.");
  for (const async::KindStats& kind : stats.kinds) {
    if (kind.oldest > async::Duration{}) family.add({{"kind", kind.kind}}, seconds(kind.oldest));
  }
  family.move_to(out);
}

void collect_handles(Families& out) {
  auto family = FamilyBuilder::gauge("belfry_handles_active", "Handles of libuv that are open, by kind.");
  for (const uv_handle_type kind : {UV_ASYNC, UV_CHECK, UV_IDLE, UV_POLL, UV_TIMER}) {
    family.add({{"type", uv_handle_type_name(kind)}},
               number(async::open_handles[kind].load(std::memory_order_relaxed)));
  }
  family.move_to(out);
}

class LoopCollector final : public prometheus::Collectable {
 public:
  explicit LoopCollector(const async::Loop& loop) : loop_(loop) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const async::LoopStats stats = loop_.stats();
    Families out;
    collect_loop(stats, out);
    collect_slow_steps(stats, out);
    collect_tasks(stats, out);
    collect_ages(stats, out);
    collect_handles(out);
    return out;
  }

 private:
  const async::Loop& loop_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> loop_collector(const async::Loop& loop) {
  return std::make_shared<LoopCollector>(loop);
}

}  // namespace belfry::observe
