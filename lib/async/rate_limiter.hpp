// RateLimiter: a token bucket: so many in a time on average, with bursts. Fair: first come, first served, also when the
// first wants more tokens than the next. Loop thread only.
//
//   RateLimiter limit(100, 1s, 20);        // 100 a second, up to 20 at once
//   co_await limit.acquire();
#pragma once

#include <cstddef>
#include <cstdint>

#include "async/clock.hpp"
#include "async/loop_timer.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {

class Loop;

class RateLimiter final : private detail::LoopTimer {
 public:
  class AcquireAwaiter;

  /// `count` tokens come in each `per`, evenly; the bucket holds `burst` and is full at first. All at least 1 and a
  /// token at least 1 ns apart from the next (std::invalid_argument).
  RateLimiter(std::size_t count, Duration per, std::size_t burst = 1);

  /// Takes that many tokens as soon as they are there and all who came before have theirs. Resumes in the loop's turn,
  /// never early. Cancelled: nothing is taken, and those behind move up. Throws std::invalid_argument when the bucket
  /// can never hold as many. REQUIRES: the limiter outlives the wait and belongs to one loop.
  [[nodiscard]] AcquireAwaiter acquire(std::size_t tokens = 1);

  /// Takes them if they are there now and nobody waits. On a loop.
  bool try_acquire(std::size_t tokens = 1);

  /// How many tokens are there now. On a loop.
  std::size_t available() const;
  /// How many tasks wait.
  std::size_t waiting() const noexcept { return waiters_.size(); }

 private:
  bool take(std::size_t tokens, std::int64_t now) noexcept;
  std::int64_t ready_at(std::size_t tokens) const noexcept;
  void arm(Loop& loop);
  void fire() noexcept override;

  std::int64_t interval_;  // ns between two tokens, rounded up: the rate is never exceeded
  std::int64_t burst_;
  std::int64_t full_at_ = 0;  // when the bucket is full if nobody takes any more
  detail::WaitQueue waiters_;
};

class [[nodiscard]] RateLimiter::AcquireAwaiter final : public detail::QueuedWaiter {
 public:
  AcquireAwaiter(RateLimiter& limiter, std::size_t tokens) noexcept
      : QueuedWaiter("rate limiter"), limiter_(limiter), tokens_(tokens) {}
  ~AcquireAwaiter() override { give_up(); }
  void await_resume() const { finish(); }
  void report(WaitReport& report) const override;

 private:
  friend class RateLimiter;
  bool start() override;
  bool abandon() noexcept override {
    give_up();
    return true;
  }
  void give_up() noexcept;

  RateLimiter& limiter_;
  std::size_t tokens_;
};

}  // namespace belfry::async
