// See condition.hpp.

#include "async/condition.hpp"

#include <exception>

#include "async/wait_report.hpp"

namespace belfry::async {

class Condition::Parked final : public detail::QueuedWaiter {
 public:
  explicit Parked(Condition& condition) noexcept : QueuedWaiter("condition"), condition_(condition) {}
  /// A notification that was meant for a frame which is destroyed goes to the next.
  ~Parked() override {
    if (completed() && !resumed_) condition_.wake(1);
  }
  void await_resume() {
    resumed_ = true;
    finish();
  }
  void report(WaitReport& report) const override { report.object(&condition_); }

 private:
  bool start() override {
    condition_.waiters_.push(*this);
    return true;
  }
  Condition& condition_;
  bool resumed_ = false;
};

Task<> Condition::wait(Lock::Guard& guard) {
  check_guard(guard);
  std::exception_ptr cancelled;
  guard.release();
  try {
    co_await Parked(*this);
  } catch (...) {
    cancelled = std::current_exception();
  }
  guard = co_await Lock::AcquireAwaiter::deaf(lock_);
  if (cancelled) std::rethrow_exception(cancelled);
}

void Condition::notify(std::size_t count) {
  lock_.check_owner("notify");
  wake(count);
}

void Condition::wake(std::size_t count) noexcept {
  for (; count > 0 && !waiters_.empty(); --count) waiters_.pop()->serve();
}

void Condition::check_guard(const Lock::Guard& guard) const {
  if (guard.lock_ != &lock_) throw NotLockOwner("wait: this guard does not hold the Lock of this Condition");
  lock_.check_owner("wait");
}

}  // namespace belfry::async
