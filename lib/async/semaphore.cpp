// See semaphore.hpp.

#include "async/semaphore.hpp"

#include <stdexcept>
#include <string>

#include "async/wait_report.hpp"

namespace belfry::async {

bool Semaphore::AcquireAwaiter::start() {
  granted_ = semaphore_.try_acquire();
  if (granted_) return false;
  semaphore_.waiters_.push(*this);
  return true;
}

void Semaphore::AcquireAwaiter::report(WaitReport& report) const {
  report.object(&semaphore_).note("none of " + std::to_string(semaphore_.permits_) + " permits is free");
}

Semaphore::Permit Semaphore::try_acquire() noexcept {
  if (available_ == 0) return {};  // while somebody waits nothing is available: nobody overtakes
  --available_;
  return Permit(*this);
}

void Semaphore::release() {
  if (permits_ >= bound_) {
    throw std::logic_error("release: this BoundedSemaphore has all of its " + std::to_string(bound_) +
                           " permits already; call release() once for each Permit::forget(), or use a Semaphore");
  }
  ++permits_;
  give_back();
}

void Semaphore::give_back() noexcept {
  auto* const next = static_cast<AcquireAwaiter*>(waiters_.first());
  if (next == nullptr) {
    ++available_;
    return;
  }
  next->granted_ = Permit(*this);
  next->serve();
}

}  // namespace belfry::async
