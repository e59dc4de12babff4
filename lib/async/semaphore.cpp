// See semaphore.hpp.

#include "async/semaphore.hpp"

namespace belfry::async {

bool Semaphore::AcquireAwaiter::start() {
  granted_ = semaphore_.try_acquire();
  if (granted_) return false;
  semaphore_.waiters_.push(*this);
  return true;
}

Semaphore::Permit Semaphore::try_acquire() noexcept {
  if (available_ == 0) return Permit();  // while somebody waits nothing is available: nobody overtakes
  --available_;
  return Permit(*this);
}

void Semaphore::give_back() noexcept {
  if (waiters_.empty()) {
    ++available_;
    return;
  }
  auto& next = static_cast<AcquireAwaiter&>(*waiters_.first());
  next.granted_ = Permit(*this);
  next.serve();
}

}  // namespace belfry::async
