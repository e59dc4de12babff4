// AsyncGenerator<T>: a coroutine that gives values one by one and may await in between. As Python's async generators.
//
//   AsyncGenerator<std::string> lines(File& file) {
//     while (std::optional<std::string> line = co_await file.read_line()) co_yield std::move(*line);
//   }
//   AsyncGenerator<std::string> all = lines(file);
//   while (std::optional<std::string> line = co_await all.next()) use(*line);
//
// Lazy: its body runs only inside of next(), on behalf of the task that awaits that, within that task's scopes. Several
// tasks may take turns, one at a time. Loop thread only. Between two values nothing of it runs.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "async/task_promise.hpp"

namespace belfry::async {

/// Thrown at the co_yield of a generator that is being closed. Catch it to clean up, then rethrow or return. On purpose
/// no std::exception, like Cancelled.
class GeneratorExit {};

namespace detail {
template <class T>
class GeneratorPromise;
}

/// Move-only, not while a next() is under way.
template <class T>
class [[nodiscard]] AsyncGenerator {
  class Step;
  class NextAwaiter;
  class CloseAwaiter;

 public:
  using promise_type = detail::GeneratorPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;
  using Value = T;

  AsyncGenerator() noexcept = default;
  AsyncGenerator(AsyncGenerator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  /// Dropped half-way its frame is destroyed where it stands: destructors of its locals run, nothing is awaited. A
  /// generator whose clean-up awaits wants aclose() (or with_closing of resource.hpp).
  ~AsyncGenerator() {
    if (handle_) handle_.destroy();
  }

  /// The next value; nothing, now and for ever, when the body has ended. An exception of the body is thrown here, and
  /// then it has ended. Cancellation is for the awaits of the body. Resumes without a turn of the loop if the body did
  /// not have to wait. Throws std::logic_error while another next() or aclose() is under way.
  /// REQUIRES: the generator outlives the await.
  [[nodiscard]] NextAwaiter next() noexcept { return NextAwaiter(*this); }

  /// Ends it: GeneratorExit is thrown at the co_yield at which it stands, and its clean-up may await. Returns when the
  /// body has ended; an exception of the clean-up passes. A generator that has not begun is just destroyed, one that
  /// has ended is left alone. Throws std::logic_error when the body yields once more, and as next() does.
  [[nodiscard]] CloseAwaiter aclose() noexcept { return CloseAwaiter(*this); }

 private:
  friend promise_type;
  explicit AsyncGenerator(Handle handle) noexcept : handle_(handle) {}
  void destroy() noexcept { std::exchange(handle_, nullptr).destroy(); }

  Handle handle_;
};

namespace detail {

template <class T>
class GeneratorPromise final : public PromiseBase {
  static_assert(!std::is_reference_v<T>, "yield a pointer or a std::reference_wrapper");

  class Yield : public FinalAwaiter {  // as at its end, it goes back to whoever awaits
   public:
    explicit Yield(const GeneratorPromise& promise) noexcept : promise_(promise) {}
    void await_resume() const {
      if (promise_.closing_) throw GeneratorExit();
    }

   private:
    const GeneratorPromise& promise_;
  };

 public:
  AsyncGenerator<T> get_return_object() noexcept {
    return AsyncGenerator<T>(std::coroutine_handle<GeneratorPromise>::from_promise(*this));
  }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  template <class Value = T>
    requires std::is_convertible_v<Value&&, T>
  Yield yield_value(Value&& value) {
    item_.emplace(std::forward<Value>(value));
    return Yield(*this);
  }
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

 private:
  friend class AsyncGenerator<T>;
  std::optional<T> item_;
  std::exception_ptr error_;
  bool begun_ = false;
  bool running_ = false;
  bool closing_ = false;
};

}  // namespace detail

/// From one co_yield to the next.
template <class T>
class AsyncGenerator<T>::Step {
 public:
  bool await_ready() const noexcept { return !generator_.handle_; }

 protected:
  explicit Step(AsyncGenerator& generator) noexcept : generator_(generator) {}

  template <class Promise>
  bool run(std::coroutine_handle<Promise> awaiter) {
    promise_type& promise = generator_.handle_.promise();
    if (std::exchange(promise.running_, true)) {
      throw std::logic_error("this AsyncGenerator runs already: one next() at a time");
    }
    promise.begun_ = true;
    promise.awaited_by(awaiter.promise(), awaiter);
    return !promise.runs_to_its_end(generator_.handle_);
  }

  /// What it yielded, if anything; an ended body is destroyed and its exception thrown.
  std::optional<T> outcome() {
    if (!generator_.handle_) return std::nullopt;
    promise_type& promise = generator_.handle_.promise();
    promise.running_ = false;
    if (!generator_.handle_.done()) return std::exchange(promise.item_, std::nullopt);
    const std::exception_ptr error = promise.error_;
    generator_.destroy();
    if (error) std::rethrow_exception(error);
    return std::nullopt;
  }

  AsyncGenerator& generator_;
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::NextAwaiter final : public Step {
 public:
  explicit NextAwaiter(AsyncGenerator& generator) noexcept : Step(generator) {}
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiter) {
    return this->run(awaiter);
  }
  std::optional<T> await_resume() { return this->outcome(); }
};

template <class T>
class [[nodiscard]] AsyncGenerator<T>::CloseAwaiter final : public Step {
 public:
  explicit CloseAwaiter(AsyncGenerator& generator) noexcept : Step(generator) {}
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiter) {
    promise_type& promise = this->generator_.handle_.promise();
    if (!promise.begun_) {
      this->generator_.destroy();
      return false;
    }
    if (!promise.running_) promise.closing_ = true;
    return this->run(awaiter);
  }
  void await_resume() {
    try {
      this->outcome();
    } catch (const GeneratorExit&) {
      return;  // it cleaned up and let it pass
    }
    if (!this->generator_.handle_) return;
    this->generator_.destroy();
    throw std::logic_error("an AsyncGenerator yielded although it is being closed: let GeneratorExit pass");
  }
};

}  // namespace belfry::async
