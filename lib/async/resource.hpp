// Resources whose clean-up awaits: with_resource, with_closing and with_exit_stack. As `async with` and AsyncExitStack;
// C++ has no co_await in destructors and catch handlers. Loop thread only.
//
//   const Reply reply = co_await with_resource(
//       connect(address),
//       [&](Connection& connection) -> Task<Reply> { return ask(connection, question); },
//       [](Connection& connection) -> Task<> { return connection.say_goodbye(); });
//
// However the body ends, each clean-up runs to its end, shielded: deaf to cancellation for at most `grace` (see
// shielded()). The first failure is thrown: that of the body, else that of the first clean-up that failed; further ones
// are dropped and counted (LoopStats::errors_not_retrieved). Cancelled is no failure: it is thrown if nothing failed.
// A task that is destroyed (its loop closed in mid-flight) awaits nothing any more: what must be freed even then
// belongs into a destructor.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/cancel.hpp"
#include "async/gather.hpp"
#include "async/result.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// How long a clean-up may take once its task is cancelled, unless said otherwise.
inline constexpr Duration clean_up_grace = std::chrono::seconds(10);

/// Clean-ups that are collected on the way; see with_exit_stack().
class ExitStack {
 public:
  ExitStack() = default;
  ExitStack(const ExitStack&) = delete;
  ExitStack& operator=(const ExitStack&) = delete;

  /// Runs clean_up() at the end, the last one first. It returns a Task<>, is kept until that has ended, and may
  /// capture whatever it likes that lives as long.
  void defer(std::move_only_function<Task<>()> clean_up) { clean_ups_.push_back(std::move(clean_up)); }

  /// Forgets all clean-ups: the work succeeded and keeps what it made.
  void forget() noexcept { clean_ups_.clear(); }

  /// For with_exit_stack: runs them, notes their errors in `result`'s stead.
  template <class T>
  Task<> unwind(Result<T>& result, Duration grace);

 private:
  std::vector<std::move_only_function<Task<>()>> clean_ups_;
};

namespace detail {

/// A clean-up ended with `error` (may be null), what it cleans up after with `first`: which one counts?
std::exception_ptr first_failure(std::exception_ptr first, std::exception_ptr error) noexcept;

template <class T>
void note_clean_up(Result<T>& result, const std::exception_ptr& error) noexcept {
  if (error) result.set_error(first_failure(result.error(), error));
}

template <class Closable>
Task<> close_it(Closable& closable) {
  co_await closable.aclose();
}

template <class F, class... Args>
using TaskValue = typename std::invoke_result_t<F&, Args...>::Value;

}  // namespace detail

template <class T>
Task<> ExitStack::unwind(Result<T>& result, Duration grace) {
  while (!clean_ups_.empty()) {
    std::move_only_function<Task<>()> clean_up = std::move(clean_ups_.back());
    clean_ups_.pop_back();
    Result<void> ended;
    co_await detail::keep_result(shielded(clean_up(), grace), ended);
    detail::note_clean_up(result, ended.error());
  }
}

/// Runs body(stack) and then what it has deferred, the last first: also when it fails or is cancelled. Returns what the
/// body returns. Errors: see above. `body` takes ExitStack& and returns a Task; it is kept until all has ended.
template <class Body>
Task<detail::TaskValue<Body, ExitStack&>> with_exit_stack(Body body, Duration grace = clean_up_grace) {
  ExitStack stack;
  Result<detail::TaskValue<Body, ExitStack&>> result;
  co_await detail::keep_result(body(stack), result);
  co_await stack.unwind(result, grace);
  co_return result.take();
}

/// Opens the resource, runs body(resource), and then close(resource), a Task<>: also when the body fails or is
/// cancelled, but not when open does. Returns what the body returns. Errors: see above.
template <class Resource, class Body, class Close>
Task<detail::TaskValue<Body, Resource&>> with_resource(Task<Resource> open, Body body, Close close,
                                                       Duration grace = clean_up_grace) {
  Resource resource = co_await std::move(open);
  Result<detail::TaskValue<Body, Resource&>> result;
  co_await detail::keep_result(body(resource), result);
  Result<void> closed;
  co_await detail::keep_result(shielded(close(resource), grace), closed);
  detail::note_clean_up(result, closed.error());
  co_return result.take();
}

/// The same for what is there already and has an aclose(), as an AsyncGenerator.
template <class Closable, class Body>
Task<detail::TaskValue<Body, Closable&>> with_closing(Closable closable, Body body, Duration grace = clean_up_grace) {
  Result<detail::TaskValue<Body, Closable&>> result;
  co_await detail::keep_result(body(closable), result);
  Result<void> closed;
  co_await detail::keep_result(shielded(detail::close_it(closable), grace), closed);
  detail::note_clean_up(result, closed.error());
  co_return result.take();
}

}  // namespace belfry::async
