// One function on its way through a ThreadPool and back. Users want
// thread_pool.hpp.
//
// The call is shared by the task, the queue or thread, and the way back, so
// that none of them can be left with a dead one: an abandoned function keeps
// its arguments, a destroyed task leaves nothing that points into its frame.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "async/context.hpp"
#include "async/result.hpp"
#include "async/waiter.hpp"

namespace belfry::async {

/// What a cancelled task does about its function when that is already running:
/// a thread cannot be stopped from outside.
enum class OnCancel : std::uint8_t {
  wait,     ///< the default: wait until the function has ended, then throw
            ///< Cancelled; its result is dropped
  abandon,  ///< throw Cancelled at once; the function runs on, its thread counts
            ///< as abandoned until it ends
};

namespace detail {

class ThreadPoolCore;
class ThreadWait;
struct LoopEnd;

class ThreadCall {
 public:
  ThreadCall() noexcept = default;
  ThreadCall(const ThreadCall&) = delete;
  ThreadCall& operator=(const ThreadCall&) = delete;
  virtual ~ThreadCall() = default;

  /// Runs the function, with the ContextVars of the task, and keeps what came
  /// of it. On a thread of the pool, at most once.
  void execute() noexcept {
    const ContextScope scope(std::move(context_));
    call();
  }
  /// It will not run: keeps `error` as what came of it. Under the core's mutex.
  virtual void refuse(std::exception_ptr error) noexcept = 0;
  /// Tells a function that takes a stop_token that nobody needs its result.
  /// Loop thread.
  virtual void request_stop() noexcept = 0;

 private:
  friend class CallList;
  friend class CallRef;
  friend class ThreadPoolCore;
  friend class ThreadWait;
  virtual void call() noexcept = 0;
  enum class State : std::uint8_t { pending, queued, running, abandoned, finished, delivered };

  // Few and close together: every line of it travels to the thread's core and back.
  std::atomic<std::uint32_t> references_ = 1;
  // Below, what is not said to be the loop's is the core's, under its mutex; that of a pending call is the loop's too.
  State state_ = State::delivered;
  ContextRef context_;
  ThreadWait* wait_ = nullptr;  // loop thread only; null when the task is gone
  LoopEnd* end_ = nullptr;
  std::int64_t queued_at_ = 0;      // ticks
  ThreadCall* previous_ = nullptr;  // in its list
  ThreadCall* next_ = nullptr;
};

/// A counted reference to a call. Of one thread at a time; the call may be shared.
class CallRef {
 public:
  CallRef() noexcept = default;
  /// Takes over a reference.
  explicit CallRef(ThreadCall* call) noexcept : call_(call) {}
  CallRef(const CallRef& other) noexcept : call_(other.call_) {
    call_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  CallRef(CallRef&& other) noexcept : call_(other.release()) {}
  CallRef& operator=(CallRef other) noexcept {
    std::swap(call_, other.call_);
    return *this;
  }
  ~CallRef() {
    if (call_ != nullptr && call_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete call_;
  }
  ThreadCall* get() const noexcept { return call_; }
  ThreadCall* operator->() const noexcept { return call_; }
  ThreadCall& operator*() const noexcept { return *call_; }
  /// Gives the reference up; somebody else has it.
  ThreadCall* release() noexcept { return std::exchange(call_, nullptr); }

 private:
  ThreadCall* call_ = nullptr;
};

/// First in, first out; a call moves from list to list by its links: nothing
/// can fail. Owns what is in it.
class CallList {
 public:
  CallList() noexcept = default;
  CallList(const CallList&) = delete;
  CallList& operator=(const CallList&) = delete;
  ~CallList() {
    while (!empty()) pop();
  }
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  ThreadCall* first() const noexcept { return first_; }

  /// REQUIRES: the call is in no list.
  void push(CallRef call) noexcept;
  /// Takes it out, with its ownership.
  CallRef remove(ThreadCall& call) noexcept;
  /// REQUIRES: not empty.
  CallRef pop() noexcept { return remove(*first_); }
  /// All of `other` behind what is here.
  void append(CallList& other) noexcept;

 private:
  ThreadCall* first_ = nullptr;
  ThreadCall* last_ = nullptr;
  std::size_t size_ = 0;
};

/// The await: queues the call, and stays parked until it is delivered.
class ThreadWait final : public Waiter {
 public:
  /// REQUIRES: `call` outlives it.
  ThreadWait(std::shared_ptr<ThreadPoolCore> core, const CallRef& call, OnCancel on_cancel) noexcept
      : Waiter("thread"), core_(std::move(core)), call_(call), on_cancel_(on_cancel) {}
  ~ThreadWait() override;

  /// The function has ended, or never will begin. Loop thread.
  void delivered() noexcept;
  void await_resume() const { finish(); }

 private:
  bool start() override;
  bool abandon() noexcept override;
  void over() noexcept;

  std::shared_ptr<ThreadPoolCore> core_;
  const CallRef& call_;
  OnCancel on_cancel_;
  bool submitted_ = false;    // and not delivered
  bool holds_clock_ = false;  // it keeps a manual clock from jumping
  bool cancelled_ = false;    // while the function ran; when it ends, the await throws
};

/// Whether the function wants a std::stop_token before its arguments, as with
/// std::jthread.
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
