// retry(): tries again what failed, after a pause. For tasks; jobs have their own policy (lib/engine/retry.hpp), which
// judges exit codes instead of exceptions and shares the arithmetic of the pauses (backoff.hpp).
//
//   auto fetch = [&] { return download(url); };
//   const Page page = co_await retry(fetch, RetryOptions(5).backoff(Backoff(100ms).growing(2, 10s).jitter(0.2)));
#pragma once

#include <exception>
#include <functional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "async/backoff.hpp"
#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"

namespace belfry::async {

class RetryOptions {
 public:
  /// At most that many tries in all (>= 1, std::invalid_argument).
  explicit RetryOptions(int attempts) : attempts_(attempts) {
    if (attempts < 1) throw std::invalid_argument("retry: there must be at least one attempt");
  }

  /// The pauses; by default 100 ms, doubling up to 10 s, with a jitter of 0.2.
  RetryOptions& backoff(Backoff backoff) noexcept { return backoff_ = backoff, *this; }
  /// Which failures are tried again; by default all. Not asked about Cancelled, which never is.
  RetryOptions& when(std::function<bool(const std::exception_ptr&)> worth_it) {
    return worth_it_ = std::move(worth_it), *this;
  }

  /// Whether try number `attempt`, which failed so, is followed by another.
  bool again(int attempt, const std::exception_ptr& error) const {
    return attempt < attempts_ && !is_cancelled(error) && (!worth_it_ || worth_it_(error));
  }
  Duration pause(int attempt) const { return backoff_.pause(attempt, random_unit()); }

 private:
  int attempts_;
  Backoff backoff_ = Backoff(std::chrono::milliseconds(100)).growing(2.0, std::chrono::seconds(10)).jitter(0.2);
  std::function<bool(const std::exception_ptr&)> worth_it_;
};

/// Awaits make(), a Task, until one succeeds, and returns its value; the error of the last try passes. Cancellation
/// ends a try as well as a pause. For a limit of time put with_timeout around it, or into make() for each try.
/// `make` is kept until all has ended.
template <class Make>
auto retry(Make make, RetryOptions options) -> std::invoke_result_t<Make&> {
  using Value = typename std::invoke_result_t<Make&>::Value;
  for (int attempt = 1;; ++attempt) {
    Result<Value> result;
    co_await detail::keep_result(make(), result);
    if (result.has_value() || !options.again(attempt, result.error())) co_return result.take();
    co_await sleep(options.pause(attempt));
  }
}

}  // namespace belfry::async
