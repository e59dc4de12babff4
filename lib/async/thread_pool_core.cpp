// The pool's threads at work; see thread_pool_core.hpp.
#include "async/thread_pool_core.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "async/loop.hpp"

namespace belfry::async::detail {
namespace {

constexpr std::size_t kernel_name_length = 15;

std::string thread_name(const std::string& pool, std::size_t serial) {
  const std::string suffix = "-" + std::to_string(serial);
  return pool.substr(0, kernel_name_length - std::min(kernel_name_length, suffix.size())) + suffix;
}

void count_wait(DurationHistogram& waits, Duration wait) noexcept {
  const auto& bounds = DurationHistogram::bounds;
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), wait) - bounds.begin();
  ++waits.counts[static_cast<std::size_t>(bucket)];
  waits.sum += wait;
}

/// While it lives, new threads start with every signal blocked: signals are for the loop's thread.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

void ThreadPoolCore::submit(const std::shared_ptr<ThreadCall>& call, Loop& loop) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) throw ThreadPoolClosed(options_.name());
    if (queue_.size() >= options_.queue_limit() && idle_ <= queue_.size() && !may_start_thread()) {
      ++stats_.rejected;
      throw ThreadPoolFull(options_.name());
    }
    finished_.try_emplace(&loop);
    call->loop_ = &loop;
    call->queued_at_ = std::chrono::steady_clock::now();
    call->place_ = queue_.insert(queue_.end(), call);
    call->state_ = ThreadCall::State::queued;
    if (idle_ < queue_.size() && may_start_thread()) {
      try {
        start_thread();
      } catch (...) {
        if (stats_.threads == stats_.abandoned) {
          queue_.erase(call->place_);
          call->state_ = ThreadCall::State::delivered;
          throw;
        }  // else the threads there are will come to it
      }
    }
    wake = idle_ > waking_;  // who has been woken looks at the queue until it is empty: no need to call twice
    if (wake) ++waking_;
  }
  if (wake) work_ready_.notify_one();
}

Release ThreadPoolCore::release(ThreadCall& call, OnCancel on_cancel) noexcept {
  const std::lock_guard lock(mutex_);
  switch (call.state_) {
    case ThreadCall::State::queued:
      withdraw(call);
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
    case ThreadCall::State::queued:
      return withdraw(call);
    case ThreadCall::State::running:
      return let_go(call);
    case ThreadCall::State::finished:
      call.state_ = ThreadCall::State::delivered;
      finished_.at(call.loop_).erase(call.place_);
      return;
    case ThreadCall::State::abandoned:
    case ThreadCall::State::delivered:
      return;
  }
}

void ThreadPoolCore::withdraw(ThreadCall& call) noexcept {
  call.state_ = ThreadCall::State::delivered;
  queue_.erase(call.place_);
  ++stats_.withdrawn;
}

// Its thread no longer counts: the pool keeps its strength, and join() does not wait for it.
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
    while (!queue_.empty()) {
      queue_.front()->refuse(std::make_exception_ptr(ThreadPoolClosed(options_.name())));
      finish(queue_);
    }
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
    const SignalsBlocked blocked;
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

// False when the pool is closed, whose queue is empty. No timeout: an idle thread never wakes.
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
  ThreadCall::List mine;
  mine.splice(mine.begin(), queue_, queue_.begin());
  ThreadCall& call = *mine.front();
  call.state_ = ThreadCall::State::running;
  self.running = &call;
  count_wait(stats_.waits, std::chrono::steady_clock::now() - call.queued_at_);
  lock.unlock();
  call.execute();
  lock.lock();
  self.running = nullptr;
  ++stats_.completed;
  if (!self.abandoned) return finish(mine);
  lock.unlock();
  mine.clear();  // the function and its result end here; what their destructors do is not done under the mutex
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

// The first of `from` goes to its loop, which is woken only for the first of a batch.
void ThreadPoolCore::finish(ThreadCall::List& from) noexcept {
  ThreadCall& call = *from.front();
  call.state_ = ThreadCall::State::finished;
  Loop* const loop = call.loop_;
  ThreadCall::List& batch = finished_.at(loop);
  const bool wake = batch.empty();
  batch.splice(batch.end(), from, from.begin());
  call.place_ = std::prev(batch.end());
  if (wake) loop->call_soon_threadsafe([core = shared_from_this(), loop] { core->deliver(loop); });
}

void ThreadPoolCore::deliver(Loop* loop) noexcept {
  ThreadCall::List batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(finished_.at(loop));
    for (const auto& call : batch) call->state_ = ThreadCall::State::delivered;
  }
  for (const auto& call : batch) {
    if (call->wait_ != nullptr) call->wait_->delivered();
  }
}

}  // namespace belfry::async::detail
