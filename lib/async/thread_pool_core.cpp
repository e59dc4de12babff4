// The pool's threads at work; see thread_pool_core.hpp.
#include "async/thread_pool_core.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>

#include "async/inbox.hpp"
#include "async/loop.hpp"
#include "async/no_signals.hpp"
#include "async/tick_clock.hpp"

namespace belfry::async::detail {
namespace {

constexpr std::size_t kernel_name_length = 15;

std::atomic<std::uint64_t> cores = 0;

std::string thread_name(const std::string& pool, std::size_t serial) {
  const std::string suffix = "-" + std::to_string(serial);
  return pool.substr(0, kernel_name_length - std::min(kernel_name_length, suffix.size())) + suffix;
}

void count_wait(DurationHistogram& waits, Duration wait) noexcept {
  const auto& bounds = DurationHistogram::bounds;
  const auto bucket = std::ranges::lower_bound(bounds, wait) - bounds.begin();
  ++waits.counts[static_cast<std::size_t>(bucket)];
  waits.sum += wait;
}

}  // namespace

ThreadPoolCore::ThreadPoolCore(ThreadPoolOptions options)
    : options_(std::move(options)), serial_of_core_(cores.fetch_add(1, std::memory_order_relaxed) + 1) {}

// A thread runs one loop and mostly uses one pool: it remembers where it was
// last.
LoopEnd& ThreadPoolCore::end_of(Loop& loop) {
  static thread_local struct {
    std::uint64_t core = 0;
    Loop* loop = nullptr;
    LoopEnd* end = nullptr;
  } last;
  if (last.core != serial_of_core_ || last.loop != &loop || last.end->inbox != loop.inbox()) {
    const std::lock_guard lock(mutex_);
    LoopEnd& end = ends_[&loop];
    end.inbox = loop.inbox();
    last = {serial_of_core_, &loop, &end};
  }
  return *last.end;
}

void ThreadPoolCore::submit(const CallRef& call, Loop& loop) {
  LoopEnd& end = end_of(loop);
  if (closed_.load(std::memory_order_acquire)) throw ThreadPoolClosed(options_.name());
  if (end.pending.size() + end.queued >= options_.queue_limit()) check_room(end);
  if (end.pending.empty()) loop.call_soon([core = shared_from_this(), &end] { core->flush(end); });
  call->state_ = ThreadCall::State::pending;
  call->end_ = &end;
  end.pending.push(call);
  if (end.pending.size() >= most_pending) flush(end);
}

void ThreadPoolCore::check_room(LoopEnd& end) {
  flush(end);
  const std::lock_guard lock(mutex_);
  end.queued = queue_.size();
  if (end.queued < options_.queue_limit() || idle_ > end.queued || may_start_thread()) return;
  ++stats_.rejected;
  throw ThreadPoolFull(options_.name());
}

void ThreadPoolCore::flush(LoopEnd& end) noexcept {
  if (end.pending.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = queue_up(end);
  }
  if (wake) work_ready_.notify_one();
}

/// Whether a thread is to be woken.
bool ThreadPoolCore::queue_up(LoopEnd& end) noexcept {
  const std::int64_t now = TickClock::now();
  for (ThreadCall* call = end.pending.first(); call != nullptr; call = call->next_) {
    call->state_ = ThreadCall::State::queued;
    call->queued_at_ = now;
  }
  queue_.append(end.pending);
  end.queued = queue_.size();
  if (closed_.load(std::memory_order_relaxed)) {
    refuse_queue(std::make_exception_ptr(ThreadPoolClosed(options_.name())));
    return false;
  }
  try {
    const std::size_t wanted = stats_.threads == 0 ? std::max(queue_.size(), first_threads) : queue_.size();
    for (std::size_t there = idle_; there < wanted && may_start_thread(); ++there) start_thread();
  } catch (...) {  // else the threads there are will come to it
    if (stats_.threads == stats_.abandoned) refuse_queue(std::current_exception());
  }
  return wake_next();
}

/// Whether to wake an idle thread; the next one is woken by that one, if it is
/// needed.
bool ThreadPoolCore::wake_next() noexcept {
  if (queue_.empty() || idle_ == 0 || waking_ > 0) return false;
  ++waking_;
  return true;
}

void ThreadPoolCore::refuse_queue(const std::exception_ptr& error) noexcept {
  while (!queue_.empty()) {
    CallRef call = queue_.pop();
    call->refuse(error);
    LoopEnd& end = *call->end_;
    if (finish(std::move(call))) post_delivery(end.inbox, end);
  }
}

Release ThreadPoolCore::release(ThreadCall& call, OnCancel on_cancel) noexcept {
  const std::lock_guard lock(mutex_);
  switch (call.state_) {
    case ThreadCall::State::pending:
      withdraw(call, call.end_->pending);
      return Release::released;
    case ThreadCall::State::queued:
      withdraw(call, queue_);
      return Release::released;
    case ThreadCall::State::running:
      if (on_cancel == OnCancel::wait || stats_.abandoned >= options_.abandoned_limit()) return Release::running;
      let_go(call);
      return Release::released;
    case ThreadCall::State::abandoned:
      return Release::released;
    case ThreadCall::State::finished:
    case ThreadCall::State::delivered:
      break;
  }
  return Release::ended;
}

void ThreadPoolCore::forget(ThreadCall& call) noexcept {
  const std::lock_guard lock(mutex_);
  switch (call.state_) {
    case ThreadCall::State::pending:
      return withdraw(call, call.end_->pending);
    case ThreadCall::State::queued:
      return withdraw(call, queue_);
    case ThreadCall::State::running:
      return let_go(call);
    case ThreadCall::State::finished:
      call.state_ = ThreadCall::State::delivered;
      call.end_->finished.remove(call);
      return;
    case ThreadCall::State::abandoned:
    case ThreadCall::State::delivered:
      return;
  }
}

// The task holds the call as well: it is not destroyed here, under the mutex.
void ThreadPoolCore::withdraw(ThreadCall& call, CallList& from) noexcept {
  call.state_ = ThreadCall::State::delivered;
  from.remove(call);
  ++stats_.withdrawn;
}

// Its thread no longer counts: the pool keeps its strength, and join() does not
// wait for it.
void ThreadPoolCore::let_go(ThreadCall& call) noexcept {
  call.state_ = ThreadCall::State::abandoned;
  for (Worker& worker : workers_) {
    if (worker.running == &call) worker.abandoned = true;
  }
  ++stats_.abandoned;
  ++stats_.abandonments;
  thread_left_.notify_all();
  if (idle_ < queue_.size() && !closed_) {
    try {
      start_thread();
    } catch (...) {  // what is queued waits for the threads there are
    }
  }
}

void ThreadPoolCore::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    refuse_queue(std::make_exception_ptr(ThreadPoolClosed(options_.name())));
  }
  work_ready_.notify_all();
}

void ThreadPoolCore::join() noexcept {
  std::unique_lock lock(mutex_);
  while (!workers_.empty()) {
    Worker& worker = workers_.front();
    thread_left_.wait(lock, [&] { return worker.left || worker.abandoned; });
    if (worker.left) {
      std::thread thread = std::move(worker.thread);
      workers_.pop_front();
      lock.unlock();
      thread.join();
      lock.lock();
    } else {
      worker.thread.detach();
      detached_.splice(detached_.end(), workers_, workers_.begin());
    }
  }
}

ThreadPoolStats ThreadPoolCore::stats() const {
  const std::lock_guard lock(mutex_);
  ThreadPoolStats stats = stats_;
  stats.queued = queue_.size();
  stats.busy = static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.running != nullptr && !worker.abandoned;
  }));
  return stats;
}

void ThreadPoolCore::start_thread() {
  workers_.emplace_back();
  const auto self = std::prev(workers_.end());
  try {
    const NoSignals guard;
    self->thread = std::thread([core = shared_from_this(), self] { core->work(self); });
  } catch (...) {
    workers_.erase(self);
    throw;
  }
  ++stats_.threads;
  pthread_setname_np(self->thread.native_handle(), thread_name(options_.name(), ++serial_).c_str());
}

void ThreadPoolCore::work(std::list<Worker>::iterator self) noexcept {
  std::unique_lock lock(mutex_);
  while (!has_surplus_thread() && wait_for_call(lock)) run_first(*self, lock);
  leave(self);
}

// False when the pool is closed, whose queue is empty. No timeout: an idle
// thread never wakes.
bool ThreadPoolCore::wait_for_call(std::unique_lock<std::mutex>& lock) noexcept {
  ++idle_;
  while (!closed_ && queue_.empty()) {
    work_ready_.wait(lock);
    if (waking_ > 0) --waking_;
  }
  --idle_;
  return !closed_;
}

void ThreadPoolCore::run_first(Worker& self, std::unique_lock<std::mutex>& lock) noexcept {
  CallRef call = queue_.pop();
  call->state_ = ThreadCall::State::running;
  self.running = call.get();
  const bool wake = wake_next();
  lock.unlock();
  if (wake) work_ready_.notify_one();
  const Duration wait(TickClock::to_ns(TickClock::now() - call->queued_at_));
  call->execute();
  lock.lock();
  self.running = nullptr;
  ++stats_.completed;
  count_wait(stats_.waits, wait);
  if (!self.abandoned) {
    LoopEnd& end = *call->end_;
    if (!finish(std::move(call))) return;
    const std::shared_ptr<Inbox> inbox = end.inbox;
    lock.unlock();  // the loop that wakes up wants the mutex
    post_delivery(inbox, end);
    lock.lock();
    return;
  }
  lock.unlock();
  call = CallRef();  // the function and its result end here; what their destructors do is not done under the mutex
  lock.lock();
  self.abandoned = false;
  --stats_.abandoned;
}

void ThreadPoolCore::leave(std::list<Worker>::iterator self) noexcept {
  --stats_.threads;
  self->left = true;
  thread_left_.notify_all();
  if (closed_) return;  // join() has it, or has had it
  self->thread.detach();
  workers_.erase(self);
}

/// It goes to its loop; whether that is to be woken for it: the first of a
/// batch.
bool ThreadPoolCore::finish(CallRef call) noexcept {
  call->state_ = ThreadCall::State::finished;
  CallList& batch = call->end_->finished;
  batch.push(std::move(call));
  return batch.size() == 1;
}

void ThreadPoolCore::post_delivery(const std::shared_ptr<Inbox>& inbox, LoopEnd& end) noexcept {
  inbox->post([core = shared_from_this(), &end] { core->deliver(end); });
}

void ThreadPoolCore::deliver(LoopEnd& end) noexcept {
  CallList batch;
  {
    const std::lock_guard lock(mutex_);
    batch.append(end.finished);
  }
  while (!batch.empty()) {
    const CallRef call = batch.pop();
    call->state_ = ThreadCall::State::delivered;
    if (call->wait_ != nullptr) call->wait_->delivered();
  }
}

}  // namespace belfry::async::detail
