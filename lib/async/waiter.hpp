// Waiter: the base of every leaf awaiter, the thing a task is parked at. It lives in the awaiting coroutine's frame.
//
//   class Sleep : public Waiter, LoopTimer {
//     bool start() override    { loop().timers().push(*this, deadline_); return true; }   // what to wait for
//     bool abandon() noexcept override { LoopTimer::cancel(); return true; }               // cancelled: let go of it
//     void fire() noexcept override    { complete(); }                                     // it happened
//    public:
//     void await_resume()      { finish(); }                                               // Cancelled is thrown here
//   };
//
// State: idle -> waiting -> completed | cancelled. The first of complete() and the cancellation wins; either puts the
// task on the ready queue and resumes nobody at once. Loop thread only.
#pragma once

#include <coroutine>
#include <cstdint>

#include "async/task_promise.hpp"

namespace belfry::async {

class Loop;
class WaitReport;

namespace detail {
class Census;
}

class Waiter {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool await_ready() const noexcept { return false; }

  /// Under a cancelled scope it does not start anything. Otherwise start() decides whether the task parks. A task that
  /// is never made to wait is sent through the ready queue after 128 such awaits, so that it cannot starve the others.
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return suspend(handle.promise());
  }

  /// What it waits for, for a person: "sleep", "queue.get".
  const char* waits_for() const noexcept { return waits_for_; }

  /// More of the same, and who can end the wait (wait_report.hpp). Called on the loop's thread while the task is parked
  /// here; must neither wait nor change anything. A lock names its holder, a join its task; by default nothing is
  /// known.
  virtual void report(WaitReport& report) const;

 protected:
  enum class Cancellable : bool { no, yes };

  /// `waits_for` must be a literal. Cancellable::no: deaf to cancellation, for awaits that are bounded otherwise.
  explicit Waiter(const char* waits_for, Cancellable cancellable = Cancellable::yes) noexcept
      : waits_for_(waits_for), deaf_(cancellable == Cancellable::no) {}

  /// Derived destructors must let go of what start() took hold of: a frame may be destroyed while it is suspended.
  virtual ~Waiter() {
    // Only while it is parked the task is certain to live: a generator's frame may be destroyed after the task that ran
    // it.
    if (promise_ != nullptr && waits_for_ != nullptr) [[unlikely]]
      leave_task();
  }

  /// Begins the operation. True: wait for complete(). False: it is done already. May throw, then nothing was begun.
  virtual bool start() = 0;

  /// The task is cancelled. True: it has let go of the operation, complete() will not come. False: it cannot be stopped
  /// now; the task stays parked until complete() or complete_cancelled(). May be asked again.
  virtual bool abandon() noexcept = 0;

  /// The operation is done. No effect unless it is waiting.
  void complete() noexcept;

  /// As complete(), but the await throws Cancelled: for an operation that refused to be abandoned.
  void complete_cancelled() noexcept;

  /// To be called first in await_resume(): throws Cancelled if that is how the wait ended.
  void finish() const {
    if (state_ == State::cancelled) [[unlikely]]
      throw_cancelled();
  }

  bool waiting() const noexcept { return state_ == State::waiting; }
  bool completed() const noexcept { return state_ == State::completed; }
  Loop& loop() const noexcept;
  detail::TaskNode& task() const noexcept { return *promise_->task(); }

 private:
  friend class detail::TaskNode;
  friend class detail::Census;
  enum class State : std::uint8_t { idle, waiting, completed, cancelled };

  bool suspend(detail::PromiseBase& promise);
  void leave_task() noexcept;
  [[noreturn]] void throw_cancelled() const;

  const char* waits_for_;
  detail::PromiseBase* promise_ = nullptr;  // of the coroutine that awaits; null before it does
  State state_ = State::idle;
  bool deaf_;
};

}  // namespace belfry::async
