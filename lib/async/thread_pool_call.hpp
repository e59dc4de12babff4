// One function on its way through a ThreadPool and back. Users want thread_pool.hpp.
//
// The call is shared by the task, the queue or thread, and the way back, so that none of them can be left with a dead
// one: an abandoned function keeps its arguments, a destroyed task leaves nothing that points into its frame.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "async/context.hpp"
#include "async/result.hpp"
#include "async/waiter.hpp"

namespace belfry::async {

/// What a cancelled task does about its function when that is already running: a thread cannot be stopped from outside.
enum class OnCancel : std::uint8_t {
  wait,     ///< the default: wait until the function has ended, then throw Cancelled; its result is dropped
  abandon,  ///< throw Cancelled at once; the function runs on, its thread counts as abandoned until it ends
};

namespace detail {

class ThreadPoolCore;
class ThreadWait;

class ThreadCall {
 public:
  ThreadCall() noexcept = default;
  ThreadCall(const ThreadCall&) = delete;
  ThreadCall& operator=(const ThreadCall&) = delete;
  virtual ~ThreadCall() = default;

  /// Runs the function, with the ContextVars of the task, and keeps what came of it. On a thread of the pool, at most
  /// once.
  void execute() noexcept {
    const ContextScope scope(std::move(context_));
    call();
  }
  /// It will not run: keeps `error` as what came of it. Under the core's mutex.
  virtual void refuse(std::exception_ptr error) noexcept = 0;
  /// Tells a function that takes a stop_token that nobody needs its result. Loop thread.
  virtual void request_stop() noexcept = 0;

 private:
  friend class ThreadPoolCore;
  friend class ThreadWait;
  virtual void call() noexcept = 0;
  using List = std::list<std::shared_ptr<ThreadCall>>;  // a call moves from list to list by its node: nothing can fail
  enum class State : std::uint8_t { queued, running, abandoned, finished, delivered };

  ContextRef context_;
  ThreadWait* wait_ = nullptr;  // loop thread only; null when the task is gone
  // The rest is the core's, under its mutex.
  Loop* loop_ = nullptr;
  State state_ = State::delivered;
  List::iterator place_;  // in the queue, or among the finished
  std::chrono::steady_clock::time_point queued_at_;
};

/// The await: queues the call, and stays parked until it is delivered.
class ThreadWait final : public Waiter {
 public:
  ThreadWait(std::shared_ptr<ThreadPoolCore> core, std::shared_ptr<ThreadCall> call, OnCancel on_cancel) noexcept
      : Waiter("thread"), core_(std::move(core)), call_(std::move(call)), on_cancel_(on_cancel) {}
  ~ThreadWait();

  /// The function has ended, or never will begin. Loop thread.
  void delivered() noexcept;
  void await_resume() const { finish(); }

 private:
  bool start() override;
  bool abandon() noexcept override;
  void over() noexcept;

  std::shared_ptr<ThreadPoolCore> core_;
  std::shared_ptr<ThreadCall> call_;
  OnCancel on_cancel_;
  bool under_way_ = false;  // it keeps a manual clock from jumping
  bool cancelled_ = false;  // while the function ran; when it ends, the await throws
};

/// Whether the function wants a std::stop_token before its arguments, as with std::jthread.
template <class F, class... Args>
concept TakesStopToken = std::invocable<F, std::stop_token, Args...>;

template <class F, class... Args>
struct ThreadResultOf : std::invoke_result<F, Args...> {};
template <class F, class... Args>
  requires TakesStopToken<F, Args...>
struct ThreadResultOf<F, Args...> : std::invoke_result<F, std::stop_token, Args...> {};

template <class F, class... Args>
using ThreadResult = typename ThreadResultOf<F, Args...>::type;

/// A function with its arguments, both moved in, and what came of it.
template <class F, class... Args>
class FunctionCall final : public ThreadCall {
 public:
  using R = ThreadResult<F, Args...>;

  explicit FunctionCall(F&& function, Args&&... args)
      : function_(std::forward<F>(function)), args_(std::forward<Args>(args)...) {}

  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<R>) {
        invoke();
        result_.set_value();
      } else {
        result_.set_value(invoke());
      }
    } catch (...) {
      result_.set_error(std::current_exception());
    }
  }
  void refuse(std::exception_ptr error) noexcept override { result_.set_error(std::move(error)); }
  void request_stop() noexcept override {
    if constexpr (TakesStopToken<F, Args...>) stop_.request_stop();
  }

  /// The result, or the function's exception.
  R take() { return result_.take(); }

 private:
  R invoke() {
    if constexpr (TakesStopToken<F, Args...>) {
      return std::apply(std::move(function_), std::tuple_cat(std::make_tuple(stop_.get_token()), std::move(args_)));
    } else {
      return std::apply(std::move(function_), std::move(args_));
    }
  }

  struct NoStop {};
  F function_;
  std::tuple<Args...> args_;
  [[no_unique_address]] std::conditional_t<TakesStopToken<F, Args...>, std::stop_source, NoStop> stop_;
  Result<R> result_;
};

}  // namespace detail
}  // namespace belfry::async
