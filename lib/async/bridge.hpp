// run_coroutine_threadsafe(): a coroutine for a loop on another thread, and its result back. As in asyncio.
//
//   ThreadFuture<int> words = run_coroutine_threadsafe(loop, count_words(path), "count words");   // any thread
//   const int count = words.result(5s);                                                           // blocks that thread
//
// Within a loop's thread a task awaits another loop's work by a Promise, never by blocking.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <utility>

#include "async/cancel.hpp"
#include "async/inbox.hpp"
#include "async/loop.hpp"
#include "async/result.hpp"
#include "async/spawn.hpp"
#include "async/timeout.hpp"

namespace belfry::async {

/// The loop closed, or destroyed the task, before the coroutine had ended.
class LoopClosed : public std::runtime_error {
 public:
  LoopClosed() : std::runtime_error("the loop closed before the coroutine had ended") {}
};

namespace detail {

/// What the thread and the loop share.
template <class T>
struct ThreadFutureState {
  explicit ThreadFutureState(Loop& on) : inbox(on.inbox()), loop(&on) {}

  void settle(Result<T>&& with) {
    {
      const std::scoped_lock lock(mutex);
      if (!result.empty()) return;
      result = std::move(with);
    }
    settled.notify_all();
  }
  void fail(std::exception_ptr error) {
    Result<T> failed;
    failed.set_error(std::move(error));
    settle(std::move(failed));
  }

  const std::shared_ptr<Inbox> inbox;
  const Loop* const loop;  // to be compared only
  std::mutex mutex;
  std::condition_variable settled;
  Result<T> result;  // under the mutex
  // --- loop thread
  CancelScope* scope = nullptr;  // of the body, while it runs
  bool cancelled = false;
};

/// Travels with the coroutine; if that never ends, the thread must not wait for ever.
template <class T>
class Delivery {
 public:
  explicit Delivery(std::shared_ptr<ThreadFutureState<T>> state) noexcept : state_(std::move(state)) {}
  Delivery(Delivery&&) noexcept = default;
  Delivery& operator=(Delivery&&) = delete;
  ~Delivery() {
    if (state_) state_->fail(std::make_exception_ptr(LoopClosed()));
  }
  ThreadFutureState<T>& operator*() const noexcept { return *state_; }

 private:
  std::shared_ptr<ThreadFutureState<T>> state_;
};

template <class T>
Task<> deliver(Task<T> task, Delivery<T> delivery) {
  ThreadFutureState<T>& state = *delivery;
  CancelScope scope;
  if (state.cancelled) scope.cancel();
  state.scope = &scope;
  Result<T> result;
  try {
    ScopeResult<T> value = co_await scope.run(std::move(task));
    if (!value) {
      result.set_error(std::make_exception_ptr(Cancelled(*scope.reason())));
    } else if constexpr (std::is_void_v<T>) {
      result.set_value();
    } else {
      result.set_value(std::move(*value));
    }
  } catch (...) {
    result.set_error(std::current_exception());
  }
  state.scope = nullptr;
  state.settle(std::move(result));
}

}  // namespace detail

/// The result of a coroutine that runs on another thread's loop. May be copied; any thread.
template <class T>
class ThreadFuture {
 public:
  /// Blocks until the coroutine has ended; gives its value (once: it is moved out) or rethrows its exception, Cancelled
  /// after cancel(). Throws LoopClosed when the loop ended first, std::logic_error on the loop's own thread, which
  /// would wait for itself.
  T result() {
    std::unique_lock lock = checked_lock();
    state_->settled.wait(lock, [&] { return !state_->result.empty(); });
    return state_->result.take();
  }

  /// The same for at most this long; then throws TimeoutError, and the coroutine goes on: see cancel().
  T result(Duration timeout) {
    std::unique_lock lock = checked_lock();
    if (!state_->settled.wait_for(lock, timeout, [&] { return !state_->result.empty(); })) throw TimeoutError(timeout);
    return state_->result.take();
  }

  /// Whether result() would not block.
  bool done() const {
    const std::scoped_lock lock(state_->mutex);
    return !state_->result.empty();
  }

  /// Cancels the coroutine in the loop's next turn. No effect once it has ended.
  void cancel() {
    state_->inbox->post([state = state_] {
      state->cancelled = true;
      if (state->scope != nullptr) state->scope->cancel();
    });
  }

 private:
  template <class U>
  friend ThreadFuture<U> run_coroutine_threadsafe(Loop& loop, Task<U> task, SpawnOptions options,
                                                  std::source_location place);
  using State = detail::ThreadFutureState<T>;
  explicit ThreadFuture(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::unique_lock<std::mutex> checked_lock() const {
    if (Loop::current_or_null() == state_->loop) {
      throw std::logic_error("result() on the loop's own thread waits for itself: co_await the task instead");
    }
    return std::unique_lock(state_->mutex);
  }

  std::shared_ptr<State> state_;
};

/// Runs the task on that loop, as a detached task, from any thread but the loop's own (there spawn() does). A loop that
/// does not run yet takes it when it does. REQUIRES: the loop outlives this call; what the task refers to, the task.
template <class T>
ThreadFuture<T> run_coroutine_threadsafe(Loop& loop, Task<T> task, SpawnOptions options = SpawnOptions(),
                                         std::source_location place = std::source_location::current()) {
  auto state = std::make_shared<detail::ThreadFutureState<T>>(loop);
  auto begin = [task = detail::deliver(std::move(task), detail::Delivery<T>(state)), options = std::move(options),
                place]() mutable { spawn(std::move(task), std::move(options), place).detach(); };
  loop.call_soon_threadsafe(std::move(begin));
  return ThreadFuture<T>(std::move(state));
}

}  // namespace belfry::async
