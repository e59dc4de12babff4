// See barrier.hpp.

#include "async/barrier.hpp"

#include <string>

#include "async/wait_report.hpp"

namespace belfry::async {

Barrier::Barrier(std::size_t parties) : parties_(parties) {
  if (parties == 0) throw std::invalid_argument("a Barrier needs at least one task to wait for");
}

bool Barrier::WaitAwaiter::start() {
  if (barrier_.broken_) {
    broken_ = true;
    return false;
  }
  if (barrier_.waiters_.size() + 1 < barrier_.parties_) {
    barrier_.waiters_.push(*this);
    return true;
  }
  while (!barrier_.waiters_.empty()) {
    auto& first = static_cast<WaitAwaiter&>(*barrier_.waiters_.first());
    first.place_ = place_++;
    first.serve();
  }
  return false;
}

void Barrier::WaitAwaiter::report(WaitReport& report) const {
  report.object(&barrier_).note(std::to_string(barrier_.waiting()) + " of " + std::to_string(barrier_.parties_) +
                                " are there");
}

void Barrier::abort() noexcept {
  broken_ = true;
  break_waits();
}

void Barrier::reset() noexcept {
  broken_ = false;
  break_waits();
}

void Barrier::break_waits() noexcept {
  while (!waiters_.empty()) {
    auto& first = static_cast<WaitAwaiter&>(*waiters_.first());
    first.broken_ = true;
    first.serve();
  }
}

}  // namespace belfry::async
