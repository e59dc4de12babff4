// The turns; see loop_runner.hpp.

#include "async/loop_runner.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "async/frame_pool.hpp"

namespace belfry::async::detail {
namespace {

void require(int error, const char* what) {
  if (error != 0) throw std::system_error(-error, std::generic_category(), what);
}

}  // namespace

UvLoop::UvLoop() {
  require(uv_loop_init(&loop_), "uv_loop_init");
  uv_loop_configure(&loop_, UV_METRICS_IDLE_TIME);
}

bool UvLoop::close() noexcept {
  // Handles are freed by the closing phase of a turn; their callbacks may close further ones.
  for (int turn = 0; turn < 3 && uv_loop_alive(&loop_) != 0; ++turn) uv_run(&loop_, UV_RUN_NOWAIT);
  return uv_loop_close(&loop_) == 0;
}

LoopRunner::LoopRunner(const LoopOptions& options)
    : complaints(options.on_complaint_),
      monitor(complaints),
      cancel_patrol(clock_of(options), registry, complaints, options.cancel_grace_),
      clock_(clock_of(options)),
      manual_(clock_.manual()),
      options_(options) {
  monitor.set_threshold(options.slow_step_);
  if (options.shuffle_seed_) random_.emplace(*options.shuffle_seed_);
  wall_timers.emplace(uv.get(), clock_);
  inbox = std::make_shared<Inbox>(wakeup_.get());
  try {
    open_handles();
  } catch (...) {
    close(true);
    throw;
  }
}

void LoopRunner::open_handles() {
  require(uv_check_init(uv.get(), check_.get()), "uv_check_init");
  check_.opened();
  check_->data = this;
  uv_check_start(check_.get(), [](uv_check_t* check) { static_cast<LoopRunner*>(check->data)->turn(); });
  require(uv_idle_init(uv.get(), idle_.get()), "uv_idle_init");
  idle_.opened();
  require(uv_async_init(uv.get(), wakeup_.get(), [](uv_async_t*) {}), "uv_async_init");
  wakeup_.opened();
  if (manual_ == nullptr) timer_fd_.emplace(uv.get(), TimerFd::Kind::monotonic, [](bool) {});
}

void LoopRunner::close(bool force) {
  if (closed) return;
  closed = true;
  destroy_tasks();
  inbox->close();
  inbox->drain(ready);
  ready.append(batch_);
  while (!ready.empty()) ready.pop().drop();
  check_.close();
  idle_.close();
  wakeup_.close();
  timer_fd_.reset();
  wall_timers->close();
  while (frame_pool_settle()) {
  }
  if (uv.close()) return;
  const std::string left = open_uv_handles(uv.get());
  force_close_uv_handles(uv.get());
  uv.close();
  if (!force) throw std::logic_error("the loop was closed while handles are open: " + left + "; close them first");
}

void LoopRunner::run(TaskNode& main) {
  main_ = &main;
  ending_ = false;
  running = true;
  poll_without_sleep(true);
  uv_run(uv.get(), UV_RUN_DEFAULT);
  running = false;
  main_ = nullptr;
  grace_timer_.cancel();
  if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
}

void LoopRunner::turn() noexcept {
  if (!running) return;
  monitor.turn_begins(!idle_on_);
  steps_this_turn_ = 0;
  inbox->drain(ready);
  fire_timers();
  timers_fired_.fetch_add(wall_timers->fire_due(), std::memory_order_relaxed);
  if (cancel_patrol.due() != TimerHeap::never) patrol();
  run_ready();
  check_end();
  timer_count_.store(timers.size(), std::memory_order_relaxed);
  wall_timer_count_.store(wall_timers->heap().size(), std::memory_order_relaxed);
  plan_poll();
}

void LoopRunner::fire_timers() noexcept {
  if (timers.empty()) return;
  const std::int64_t now = clock_.now_ns();
  for (std::int64_t due = timers.next_key(); due <= now; due = timers.next_key()) {
    monitor.note_lag(TickClock::from_ns(now - due));
    timers_fired_.fetch_add(1, std::memory_order_relaxed);
    static_cast<LoopTimer*>(timers.pop())->fire();
  }
}

void LoopRunner::patrol() noexcept {
  if (clock_.now_ns() >= cancel_patrol.due()) cancel_patrol.run();
}

void LoopRunner::run_ready() noexcept {
  const std::int64_t turn_ends = monitor.last_stamp() + turn_ticks_;
  std::int64_t batch_began = monitor.last_stamp();
  while (steps_this_turn_ < turn_steps && monitor.last_stamp() < turn_ends) {
    if (batch_.empty()) {
      if (steps_this_turn_ > 0) monitor.note_lag(monitor.last_stamp() - batch_began);
      if (ready.empty()) return;
      next_batch();
      batch_began = monitor.last_stamp();
    }
    run_one(batch_.pop());
  }
  monitor.note_lag(monitor.last_stamp() - batch_began);
}

void LoopRunner::next_batch() noexcept {
  batch_.append(ready);
  if (random_) shuffle_batch();
}

void LoopRunner::shuffle_batch() {
  std::vector<ReadyNode*> nodes;
  while (!batch_.empty()) nodes.push_back(&batch_.pop());
  ReadyQueue callbacks;  // these keep their order among themselves: call_soon() promises it
  const auto is_callback = [](ReadyNode* node) { return !node->is_task(); };
  for (ReadyNode* node : nodes) {
    if (is_callback(node)) callbacks.push(*node);
  }
  for (std::size_t left = nodes.size(); left > 1; --left) std::swap(nodes[left - 1], nodes[(*random_)() % left]);
  for (ReadyNode* node : nodes) batch_.push(is_callback(node) ? callbacks.pop() : *node);
}

void LoopRunner::run_one(ReadyNode& node) noexcept {
  ++steps_this_turn_;
  fairness_left = fairness;
  if (!node.is_task()) {
    monitor.step_begins(nullptr);
    node.run();  // destroys it
    monitor.step_ends(nullptr, std::source_location());
    return;
  }
  auto* const task = static_cast<TaskNode*>(&node);
  monitor.step_begins(task);
  const bool had_ended = task->ended();
  const std::source_location began_at = task->place.load(std::memory_order_relaxed);
  task->step();
  const std::int64_t took = monitor.step_ends(task, began_at);
  task->steps.store(task->steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  task->busy.store(task->busy.load(std::memory_order_relaxed) + took, std::memory_order_relaxed);
  if (task->ended() && !had_ended) {
    registry.remove(*task);  // waits for readers, who may be looking at what was the running task
    task->release();         // the loop's reference
  }
  task->release();  // the queue's
}

void LoopRunner::check_end() noexcept {
  if (!ending_ && (main_->ended() || failure)) {
    ending_ = true;
    if (options_.shutdown_grace_) timers.push(grace_timer_, clock_.now_ns() + options_.shutdown_grace_->count());
  }
  if (!ending_) return;
  cancel_tasks();  // in every turn: a task that cleans up may start others
  if (registry.empty()) uv_stop(uv.get());
}

void LoopRunner::cancel_tasks() const noexcept {
  for (TaskNode* task = registry.first(); task != nullptr; task = task->next.load(std::memory_order_relaxed)) {
    task->root_scope().cancel(CancelReason::shutdown);
  }
}

void LoopRunner::destroy_tasks() noexcept {
  while (TaskNode* const task = registry.first()) {
    const char* const waits_for = task->waits_for.load(std::memory_order_relaxed);
    complaints.add(ComplaintKind::alive_at_close, [&] {
      return about(*task, waits_for == nullptr ? "it was ready to run" : std::string("it waits for ") + waits_for);
    });
    task->retain();
    task->destroy_frame();
    task->release();
  }
}

bool LoopRunner::something_to_do() const noexcept {
  return busy() || !inbox->empty() || std::min(timers.next_key(), cancel_patrol.due()) <= clock_.now_ns() ||
         wall_timers->next_key() <= clock_.wall_now().time_since_epoch().count();
}

void LoopRunner::plan_poll() noexcept {
  const bool settling = !busy() && frame_pool_settle();  // what a burst of tasks took, in slices between polls
  if (manual_ != nullptr) {
    poll_without_sleep(something_to_do() || jump());
    return;
  }
  poll_without_sleep(busy() || settling);
  if (busy() || settling) return;
  timer_fd_->arm(std::min(timers.next_key(), cancel_patrol.due()));
  if (wall_timers->arm()) poll_without_sleep(true);
}

/// False: there is nothing to wait for but the world outside.
bool LoopRunner::jump() noexcept {
  if (!manual_->autojump() || external_work.load() > 0 || uv.get()->active_reqs.count > 0) return false;
  constexpr std::int64_t never = TimerHeap::never;
  std::int64_t span = never;
  if (timers.next_key() != never) span = timers.next_key() - clock_.now_ns();
  if (wall_timers->next_key() != never) {
    span = std::min(span, wall_timers->next_key() - clock_.wall_now().time_since_epoch().count());
  }
  if (span == never) return false;
  if (steps_this_turn_ > 0)
    return true;  // I/O may have come in meanwhile: poll once more before time
                  // moves
  manual_->advance(Duration(span));
  return true;
}

void LoopRunner::poll_without_sleep(bool on) noexcept {
  if (on == idle_on_) return;
  idle_on_ = on;
  if (on) {
    uv_idle_start(idle_.get(), [](uv_idle_t*) {});
  } else {
    uv_idle_stop(idle_.get());
  }
}

LoopStats LoopRunner::stats() const {
  LoopStats stats;
  const Registry::Reading reading(registry);
  monitor.snapshot(stats);
  registry.snapshot(stats, clock_.now_ns());
  stats.timers = timer_count_.load(std::memory_order_relaxed);
  stats.wall_timers = wall_timer_count_.load(std::memory_order_relaxed);
  stats.timers_fired = timers_fired_.load(std::memory_order_relaxed);
  stats.idle = Duration(static_cast<std::int64_t>(uv.idle_ns()));
  stats.slow_steps = complaints.count(ComplaintKind::slow_step);
  stats.stalls = complaints.count(ComplaintKind::stalled);
  stats.never_awaited = complaints.count(ComplaintKind::never_awaited);
  stats.errors_not_retrieved = complaints.count(ComplaintKind::error_lost);
  stats.cancellations_ignored = complaints.count(ComplaintKind::cancellation_ignored);
  stats.destroyed_at_close = complaints.count(ComplaintKind::alive_at_close);
  return stats;
}

}  // namespace belfry::async::detail
