// Task<T>: a coroutine that computes a T. Lazy: it begins when it is awaited, or when a spawned task takes it over.
//
// It runs on the awaiting task's behalf and thread, within its cancel scope. Owned by the Task object; destroying a
// suspended Task destroys its frame, and with it what it awaits. Write one co_await per statement, name the results,
// and do not let a lambda coroutine capture by value unless the callee keeps the lambda alive (with_task_group does).
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "async/lifetime_check.hpp"
#include "async/task_outcome.hpp"
#include "async/task_promise.hpp"
#include "async/unawaited.hpp"

namespace belfry::async {

template <class T>
class Task;

namespace detail {

template <class T>
class TaskPromise;

template <class T>
class TaskPromiseBase : public PromiseBase {
 public:
  BELFRY_COROUTINE_MAKER Task<T> get_return_object(
      std::source_location written_at = std::source_location::current()) noexcept;
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { outcome_.set_error(std::current_exception()); }
  TaskOutcome<T>& outcome() noexcept { return outcome_; }

 private:
  static_assert(alignof(TaskOutcome<T>) <= alignof(std::max_align_t),
                "frames are aligned as operator new does, no further");
  TaskOutcome<T> outcome_;
};

template <class T>
class TaskPromise final : public TaskPromiseBase<T> {
 public:
  template <class Value = T>
    requires std::is_convertible_v<Value&&, T>
  void return_value(Value&& value) {
    this->outcome().set_value(std::forward<Value>(value));
  }
};

template <>
class TaskPromise<void> final : public TaskPromiseBase<void> {
 public:
  void return_void() noexcept {}
};

}  // namespace detail

/// Move-only. `T value = co_await task_function(args);` or `co_await std::move(task);`
template <class T = void>
class [[nodiscard]] BELFRY_COROUTINE Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  using Value = T;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  /// One that was never awaited or spawned never ran: its loop complains
  /// (complaint.hpp).
  ~Task() {
    if (handle_) detail::destroy_unawaited(handle_.promise(), handle_);
  }

  /// Runs it and gives its value or rethrows its exception. Resumes on the loop's thread, without a turn of the loop if
  /// it never had to wait. REQUIRES: not moved from (std::logic_error). Once only: the Task is used up.
  auto operator co_await() && {
    if (!handle_) throw std::logic_error("this Task is empty: it was moved from or awaited before");
    return Awaiter(std::exchange(handle_, nullptr));
  }

  /// Destroys it on purpose: nobody complains. It is empty afterwards.
  void discard() noexcept {
    const detail::QuietDestruction on_purpose;
    *this = Task();
  }

  /// Does not compile: a Task that has a name is used up by co_await std::move(task), where one can see it.
  template <class Named = Task>
  void operator co_await() & {
    static_assert(!std::is_same_v<Named, Task>, "a Task is awaited once: write co_await std::move(task)");
  }

  /// Whether it holds a coroutine.
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  /// For the runtime: the frame, and the frame with its ownership.
  Handle handle() const noexcept { return handle_; }
  Handle release() noexcept { return std::exchange(handle_, nullptr); }

 private:
  friend detail::TaskPromiseBase<T>;
  class Awaiter;
  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Handle handle_;
};

template <class T>
class Task<T>::Awaiter {
 public:
  explicit Awaiter(Handle handle) noexcept : handle_(handle) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() { handle_.destroy(); }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> parent) {
    promise_type& promise = handle_.promise();
    promise.awaited_by(parent.promise(), parent);
    return !promise.runs_to_its_end(handle_);
  }

  T await_resume() { return handle_.promise().outcome().take(); }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
BELFRY_COROUTINE_MAKER Task<T> TaskPromiseBase<T>::get_return_object(std::source_location written_at) noexcept {
  this->written_at(written_at);
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(static_cast<TaskPromise<T>&>(*this)));
}

/// A function object that returns a Task, as a lambda that is a coroutine.
template <class F>
concept MakesTask = std::invocable<F&> && requires { typename std::invoke_result_t<F&>::promise_type; };

/// Keeps the function object as long as the Task that it returns runs.
template <MakesTask F>
std::invoke_result_t<F&> keep_alive(F function) {
  auto task = function();
  co_return co_await std::move(task);
}

}  // namespace detail
}  // namespace belfry::async
