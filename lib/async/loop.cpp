// The face of the loop; its turns are in loop_runner.cpp.

#include "async/loop.hpp"

#include <stdexcept>
#include <utility>

#include "async/cancel_tree.hpp"
#include "async/loop_runner.hpp"

namespace belfry::async {

/// Makes the loop the current one of this thread for a while.
class Loop::Current {
 public:
  explicit Current(Loop& loop) noexcept : before_(std::exchange(current_, &loop)) {}
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
  ~Current() { current_ = before_; }

 private:
  Loop* before_;
};

Loop::Loop(const LoopOptions& options)
    : clock_(&detail::LoopRunner::clock_of(options)), runner_(std::make_unique<detail::LoopRunner>(options)) {
  timers_ = &runner_->timers;
  ready_ = &runner_->ready;
}

// NOLINTNEXTLINE(bugprone-exception-escape): close() throws only where it is not forced
Loop::~Loop() {
  const Current current(*this);
  runner_->close(true);
}

void Loop::throw_no_loop() {
  throw std::logic_error("no loop runs on this thread: call this from a task or a callback of a Loop, see run()");
}

void Loop::close() {
  const Current current(*this);
  runner_->close(false);
}

void Loop::run_until_ended(detail::TaskNode& main) {
  const Current current(*this);
  runner_->run(main);
}

void Loop::call_soon(std::move_only_function<void()> function) {
  runner_->ready.push(*new detail::Callback(std::move(function)));
}

bool Loop::call_soon_threadsafe(std::move_only_function<void()> function) {
  return runner_->inbox->post(std::move(function));
}

void Loop::external_work_begin() noexcept { runner_->external_work.fetch_add(1); }

void Loop::external_work_end() noexcept {
  // A loop that sees no more work may end and be destroyed at once: what is needed afterwards is fetched before.
  const std::shared_ptr<detail::Inbox> inbox = runner_->inbox;
  const bool jumps = clock_->manual() != nullptr;
  runner_->external_work.fetch_sub(1);
  if (jumps) inbox->wake();
}

LoopStats Loop::stats() const { return runner_->stats(); }

void Loop::set_slow_step(Duration threshold) noexcept { runner_->monitor.set_threshold(threshold); }

uv_loop_s* Loop::uv() noexcept { return runner_->closed ? nullptr : runner_->uv.get(); }

detail::WallTimers& Loop::wall_timers() noexcept { return *runner_->wall_timers; }

bool Loop::busy() const noexcept { return runner_->busy(); }

detail::Complaints& Loop::complaints() const noexcept { return runner_->complaints; }

detail::CancelPatrol& Loop::cancel_patrol() const noexcept { return runner_->cancel_patrol; }

detail::LoopMonitor& Loop::monitor() const noexcept { return runner_->monitor; }

detail::Registry& Loop::registry() const noexcept { return runner_->registry; }

const std::shared_ptr<detail::Inbox>& Loop::inbox() const noexcept { return runner_->inbox; }

detail::TaskNode* Loop::running() const noexcept {
  return const_cast<detail::TaskNode*>(runner_->monitor.running_task());
}

void Loop::callback_failed(std::exception_ptr error) noexcept {
  if (!runner_->failure) runner_->failure = std::move(error);
}

void Loop::error_lost(const char* whose, const std::exception_ptr& error) noexcept {
  if (is_cancelled(error)) return;
  runner_->complaints.add(ComplaintKind::error_lost, [&] {
    Complaint complaint;
    complaint.task = whose;
    complaint.detail = describe_error(error);
    return complaint;
  });
}

void Loop::never_awaited(const std::source_location& written_at) noexcept {
  const Backtrace dropped_at = runner_->complaints.heard() ? Backtrace::capture() : Backtrace();
  runner_->complaints.add(ComplaintKind::never_awaited, [&] {
    Complaint complaint;
    complaint.task = written_at.function_name();
    complaint.place = Place(written_at);
    complaint.backtrace = dropped_at;
    return complaint;
  });
}

}  // namespace belfry::async
