// See rate_limiter.hpp.

#include "async/rate_limiter.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "async/loop.hpp"
#include "async/timer_heap.hpp"
#include "async/wait_report.hpp"

namespace belfry::async {

RateLimiter::RateLimiter(std::size_t count, Duration per, std::size_t burst)
    : interval_(count == 0 ? 0
                           : (per.count() + static_cast<std::int64_t>(count) - 1) / static_cast<std::int64_t>(count)),
      burst_(static_cast<std::int64_t>(burst)) {
  if (interval_ < 1 || burst_ < 1 || burst_ > TimerHeap::never / 2 / interval_) {
    throw std::invalid_argument(
        "RateLimiter: the count, the time and the burst must be positive, and within 100 years");
  }
}

RateLimiter::AcquireAwaiter RateLimiter::acquire(std::size_t tokens) {
  if (static_cast<std::int64_t>(tokens) > burst_) {
    throw std::invalid_argument("RateLimiter: " + std::to_string(tokens) +
                                " tokens at once are more than its burst of " + std::to_string(burst_) +
                                "; they would never come");
  }
  return {*this, tokens};
}

bool RateLimiter::try_acquire(std::size_t tokens) {
  return waiters_.empty() && static_cast<std::int64_t>(tokens) <= burst_ && take(tokens, Loop::current().now_ns());
}

std::size_t RateLimiter::available() const {
  const std::int64_t missing = std::max<std::int64_t>(0, full_at_ - Loop::current().now_ns());
  return static_cast<std::size_t>(burst_ - (missing + interval_ - 1) / interval_);
}

bool RateLimiter::take(std::size_t tokens, std::int64_t now) noexcept {
  if (ready_at(tokens) > now) return false;
  full_at_ = std::max(full_at_, now) + static_cast<std::int64_t>(tokens) * interval_;
  return true;
}

std::int64_t RateLimiter::ready_at(std::size_t tokens) const noexcept {
  return full_at_ - (burst_ - static_cast<std::int64_t>(tokens)) * interval_;
}

void RateLimiter::arm(Loop& loop) {
  LoopTimer::cancel();
  if (!waiters_.empty()) {
    loop.timers().push(*this, ready_at(static_cast<AcquireAwaiter&>(*waiters_.first()).tokens_));
  }
}

// NOLINTNEXTLINE(bugprone-exception-escape): a loop runs, and its heap has the place that this timer has just left
void RateLimiter::fire() noexcept {
  Loop& loop = Loop::current();
  while (!waiters_.empty()) {
    auto& first = static_cast<AcquireAwaiter&>(*waiters_.first());
    if (!take(first.tokens_, loop.now_ns())) break;
    first.serve();
  }
  arm(loop);
}

bool RateLimiter::AcquireAwaiter::start() {
  if (limiter_.try_acquire(tokens_)) return false;
  limiter_.waiters_.push(*this);
  if (limiter_.waiters_.first() == this) limiter_.arm(loop());
  return true;
}

void RateLimiter::AcquireAwaiter::give_up() noexcept {
  const bool first = limiter_.waiters_.first() == this;
  leave();
  if (first) limiter_.arm(loop());
}

void RateLimiter::AcquireAwaiter::report(WaitReport& report) const { report.object(&limiter_); }

}  // namespace belfry::async
