// CircuitBreaker: stops calling what keeps failing, and looks now and then whether it works again. Loop thread only.
//
//   closed --too many of the last calls failed--> open --pause is over--> half_open --a probe succeeds--> closed
//                                                   ^----------a probe fails-----------'
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "async/cancel.hpp"
#include "async/clock.hpp"
#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// The call was not made.
class CircuitOpen : public std::runtime_error {
 public:
  explicit CircuitOpen(Duration retry_after);
  /// When it is worth asking again; zero: as soon as the probe that is under way has ended.
  Duration retry_after() const noexcept { return retry_after_; }

 private:
  Duration retry_after_;
};

class CircuitBreakerOptions {
 public:
  CircuitBreakerOptions() = default;

  /// Opens when `failures` of the last `window` calls failed (1 <= failures <= window). Default: 5 of 10.
  CircuitBreakerOptions& opens_at(std::size_t failures, std::size_t window) noexcept {
    return failures_ = failures, window_ = window, *this;
  }
  /// How long it stays open before it lets a probe through. Default: 30 s.
  CircuitBreakerOptions& pause(Duration pause) noexcept { return pause_ = pause, *this; }
  /// So many probes in a row must succeed to close it (>= 1); one is made at a time. Default: 1.
  CircuitBreakerOptions& probes(std::size_t successes) noexcept { return probes_ = successes, *this; }
  /// Which exceptions count as failures; by default all. Not asked about Cancelled, which is neither.
  CircuitBreakerOptions& counts(std::function<bool(const std::exception_ptr&)> is_failure) {
    return is_failure_ = std::move(is_failure), *this;
  }

 private:
  friend class CircuitBreaker;
  std::size_t failures_ = 5;
  std::size_t window_ = 10;
  std::size_t probes_ = 1;
  Duration pause_ = std::chrono::seconds(30);
  std::function<bool(const std::exception_ptr&)> is_failure_;
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  /// Throws std::invalid_argument for options out of range.
  explicit CircuitBreaker(CircuitBreakerOptions options = CircuitBreakerOptions());
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Awaits the call and returns its value or rethrows its exception, and counts it. Throws CircuitOpen without
  /// starting it while the breaker is open, or half open with a probe under way. A cancelled call counts as none.
  /// REQUIRES: the breaker outlives the await.
  template <class T>
  Task<T> run(Task<T> call);

  /// By the loop's clock: open turns half_open when its pause is over. On a loop.
  State state() const;
  /// Of the last calls, while closed.
  std::size_t failures() const noexcept { return failed_; }

  /// Opens it by hand, and closes it as new.
  void trip();
  void reset() noexcept;

 private:
  enum class Outcome : std::uint8_t { success, failure, none };
  void admit();
  void ended(Outcome outcome, std::uint64_t epoch);
  Outcome judge(const std::exception_ptr& error) const;
  void enter_open();
  void enter_half_open() noexcept;
  void enter_closed() noexcept;
  /// Ends the call also when its frame is destroyed.
  class Call;

  CircuitBreakerOptions options_;
  State state_ = State::closed;
  std::uint64_t epoch_ = 0;    // changes with the state: calls that began before do not count
  std::deque<bool> window_;    // true: failed
  std::size_t failed_ = 0;     // in the window
  std::size_t successes_ = 0;  // of probes, in a row
  bool probing_ = false;
  std::int64_t open_until_ = 0;
};

std::string_view to_string(CircuitBreaker::State state) noexcept;

class CircuitBreaker::Call {
 public:
  explicit Call(CircuitBreaker& breaker) : breaker_(breaker) {
    breaker.admit();
    epoch_ = breaker.epoch_;  // NOLINT(*-prefer-member-initializer): admit() may change it
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { breaker_.ended(outcome_, epoch_); }
  void judge(const std::exception_ptr& error) { outcome_ = breaker_.judge(error); }

 private:
  CircuitBreaker& breaker_;
  std::uint64_t epoch_ = 0;
  Outcome outcome_ = Outcome::none;
};

template <class T>
Task<T> CircuitBreaker::run(Task<T> call) {
  Call counted(*this);
  Result<T> result;
  co_await detail::keep_result(std::move(call), result);
  counted.judge(result.error());
  co_return result.take();
}

}  // namespace belfry::async
