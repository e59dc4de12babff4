// Timeouts: a cancel scope with a deadline around a task. They nest and compose; the earliest deadline wins.
//
// A timeout never abandons its body: it cancels it (CancelReason::timeout) and waits until it has really ended.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "async/cancel.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// The deadline passed before the body ended.
class TimeoutError : public std::runtime_error {
 public:
  explicit TimeoutError(Duration limit);
  Duration limit() const noexcept { return limit_; }

 private:
  Duration limit_;
};

/// Runs the body for at most `limit`, counted from the await. Returns what it returned as an optional (for Task<>:
/// true); nullopt (false) when the deadline ended it. A body that ends in spite of the cancellation gives its value, or
/// its exception. limit <= 0 lets the body run to its first wait. Cancellation of the caller cancels the body and
/// passes.
template <class T>
Task<detail::ScopeResult<T>> move_on_after(Duration limit, Task<T> body) {
  CancelScope scope = CancelScope::with_deadline(limit);
  // NOLINTNEXTLINE(misc-const-correctness): moved out, but for Task<>
  detail::ScopeResult<T> result = co_await scope.run(std::move(body));
  co_return result;
}

/// The same, but throws TimeoutError, after the body has ended, when the deadline ended it.
template <class T>
Task<T> with_timeout(Duration limit, Task<T> body) {
  // NOLINTNEXTLINE(misc-const-correctness): moved out, but for Task<>
  detail::ScopeResult<T> result = co_await move_on_after(limit, std::move(body));
  if (!result) throw TimeoutError(limit);
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

}  // namespace belfry::async
