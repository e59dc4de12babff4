// See circuit_breaker.hpp.

#include "async/circuit_breaker.hpp"

#include <algorithm>
#include <string>

#include "async/loop.hpp"

namespace belfry::async {

CircuitOpen::CircuitOpen(Duration retry_after)
    : std::runtime_error("the circuit breaker is open: not called; try again in " +
                         std::to_string(retry_after.count() / 1'000'000) + " ms"),
      retry_after_(retry_after) {}

CircuitBreaker::CircuitBreaker(CircuitBreakerOptions options) : options_(std::move(options)) {
  if (options_.failures_ < 1 || options_.failures_ > options_.window_ || options_.probes_ < 1) {
    throw std::invalid_argument("CircuitBreaker: needs 1 <= failures <= window, and at least one probe");
  }
}

CircuitBreaker::State CircuitBreaker::state() const {
  return state_ == State::open && Loop::current().now_ns() >= open_until_ ? State::half_open : state_;
}

void CircuitBreaker::trip() { enter_open(); }

void CircuitBreaker::reset() noexcept { enter_closed(); }

void CircuitBreaker::admit() {
  if (state() == State::closed) return;
  if (state() == State::open) throw CircuitOpen(Duration(open_until_ - Loop::current().now_ns()));
  if (state_ == State::open) enter_half_open();
  if (probing_) throw CircuitOpen(Duration::zero());
  probing_ = true;
}

void CircuitBreaker::ended(Outcome outcome, std::uint64_t epoch) {
  if (epoch != epoch_) return;
  if (state_ == State::half_open) {
    probing_ = false;
    if (outcome == Outcome::failure) return enter_open();
    if (outcome == Outcome::success && ++successes_ >= options_.probes_) enter_closed();
    return;
  }
  if (outcome == Outcome::none) return;
  window_.push_back(outcome == Outcome::failure);
  failed_ += outcome == Outcome::failure ? 1 : 0;
  if (window_.size() > options_.window_) {
    failed_ -= window_.front() ? 1 : 0;
    window_.pop_front();
  }
  if (failed_ >= options_.failures_) enter_open();
}

CircuitBreaker::Outcome CircuitBreaker::judge(const std::exception_ptr& error) const {
  if (!error) return Outcome::success;
  if (is_cancelled(error)) return Outcome::none;
  return !options_.is_failure_ || options_.is_failure_(error) ? Outcome::failure : Outcome::success;
}

void CircuitBreaker::enter_open() {
  state_ = State::open;
  ++epoch_;
  open_until_ = Loop::current().now_ns() + options_.pause_.count();
}

void CircuitBreaker::enter_half_open() noexcept {
  state_ = State::half_open;
  ++epoch_;
  successes_ = 0;
  probing_ = false;
}

void CircuitBreaker::enter_closed() noexcept {
  state_ = State::closed;
  ++epoch_;
  window_.clear();
  failed_ = 0;
}

std::string_view to_string(CircuitBreaker::State state) noexcept {
  switch (state) {
    case CircuitBreaker::State::closed:
      return "closed";
    case CircuitBreaker::State::open:
      return "open";
    case CircuitBreaker::State::half_open:
      return "half_open";
  }
  return "unknown";
}

}  // namespace belfry::async
