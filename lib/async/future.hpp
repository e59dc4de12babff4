// Promise<T> and Future<T>: the one-shot bridge from callbacks and threads to tasks.
//
//   Promise<Reply> promise;                                     // on the loop
//   Future<Reply> future = promise.future();
//   start_request([p = std::move(promise)](Reply r) mutable { p.set_value_threadsafe(std::move(r)); });
//   const Reply reply = co_await future;
//
// Belongs to the loop on which it was made; futures are awaited there. Only what says "any thread" may be called
// elsewhere. A Promise that is destroyed without a value gives its futures BrokenPromise, from any thread.
#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "async/inbox.hpp"
#include "async/loop.hpp"
#include "async/result.hpp"
#include "async/wait_queue.hpp"

namespace belfry::async {

/// The Promise was destroyed before it had a value.
class BrokenPromise : public std::logic_error {
 public:
  BrokenPromise()
      : std::logic_error(
            "the Promise was dropped without a value: nothing "
            "will ever arrive here") {}
};

namespace detail {

/// Nobody saw the exception of a Promise: its loop complains. Any thread.
void error_lost(Inbox& inbox, const std::exception_ptr& error) noexcept;

/// What both ends share. Everything but the inbox belongs to the loop's thread.
template <class T>
struct FutureState {
  std::shared_ptr<Inbox> inbox = Loop::current().inbox();
  Loop* loop = &Loop::current();
  Result<T> result;
  WaitQueue waiters;
  bool promised = false;   // a value is on its way, perhaps still in the inbox
  bool retrieved = false;  // somebody has seen what it was, or it is no error

  FutureState() = default;
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;
  ~FutureState() {
    if (const std::exception_ptr error = result.error(); error && !retrieved) error_lost(*inbox, error);
  }

  void resolve(Result<T>&& with) noexcept {
    result = std::move(with);
    waiters.complete_all();
  }
};

}  // namespace detail

template <class T = void>
class Future {
 public:
  /// Whether co_await would return at once.
  bool ready() const noexcept { return !state_->result.empty(); }

  /// Waits for the value; may be awaited by several tasks and several times: a reference that is good while a Future or
  /// the Promise lives. Rethrows the exception that was set. Cancelled: the value is not lost.
  auto operator co_await() const& { return ByReference(*state_); }
  /// The same, and takes the value out.
  auto operator co_await() && { return ByValue(std::move(state_)); }

 private:
  template <class>
  friend class Promise;
  using Shared = detail::FutureState<T>;
  explicit Future(std::shared_ptr<Shared> state) noexcept : state_(std::move(state)) {}

  class Wait : public detail::QueuedWaiter {
   public:
    explicit Wait(Shared& state) noexcept : QueuedWaiter("future"), state_(state) {}

   protected:
    Shared& state_;

   private:
    bool start() override {
      if (!state_.result.empty()) return false;
      state_.waiters.push(*this);
      return true;
    }
  };
  class ByReference final : public Wait {
   public:
    using Wait::Wait;
    decltype(auto) await_resume() const {
      this->finish();
      this->state_.retrieved = true;
      if constexpr (std::is_void_v<T>) {
        this->state_.result.value();
      } else {
        return (this->state_.result.value());
      }
    }
  };
  class ByValue final : public Wait {
   public:
    explicit ByValue(std::shared_ptr<Shared> state) noexcept : Wait(*state), keep_(std::move(state)) {}
    ~ByValue() override { this->leave(); }  // before the state it waits in goes
    T await_resume() {
      this->finish();
      this->state_.retrieved = true;
      return this->state_.result.take();
    }

   private:
    std::shared_ptr<Shared> keep_;
  };

  std::shared_ptr<Shared> state_;
};

/// Move-only. Set it once; a second value is std::logic_error.
template <class T = void>
class Promise {
 public:
  /// On the loop's thread. Throws std::logic_error outside a loop.
  Promise() : state_(std::make_shared<Shared>()) {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    Promise gone(std::move(*this));
    state_ = std::move(other.state_);
    return *this;
  }
  ~Promise();

  /// The other end; as many as are wanted.
  Future<T> future() const { return Future<T>(state_); }

  /// Wakes the futures; the tasks resume in the loop's next batch. Loop thread.
  template <class... Args>
  void set_value(Args&&... args) {
    Result<T> result;
    result.set_value(std::forward<Args>(args)...);
    claim();
    state_->resolve(std::move(result));
  }
  /// Loop thread.
  void set_exception(std::exception_ptr error) {
    Result<T> result;
    result.set_error(std::move(error));
    claim();
    state_->resolve(std::move(result));
  }

  /// The same from any thread (one at a time): the loop does it in its next turn. No effect when the loop has closed.
  template <class... Args>
  void set_value_threadsafe(Args&&... args) {
    Result<T> result;
    result.set_value(std::forward<Args>(args)...);
    post(std::move(result));
  }
  /// Any thread.
  void set_exception_threadsafe(std::exception_ptr error) {
    Result<T> result;
    result.set_error(std::move(error));
    post(std::move(result));
  }

 private:
  using Shared = detail::FutureState<T>;

  void claim() {
    if (std::exchange(state_->promised, true)) throw std::logic_error("this Promise has its value already");
  }
  void post(Result<T>&& result) {
    claim();
    state_->inbox->post([state = state_, value = std::move(result)]() mutable { state->resolve(std::move(value)); });
  }

  std::shared_ptr<Shared> state_;
};

template <class T>
// NOLINTNEXTLINE(bugprone-exception-escape): it has not been promised yet, so nothing but memory can lack
Promise<T>::~Promise() {
  if (!state_ || state_->promised || state_.use_count() == 1) return;  // nobody is left who could miss it
  try {
    const std::exception_ptr broken = std::make_exception_ptr(BrokenPromise());
    if (Loop::current_or_null() == state_->loop) {
      set_exception(broken);
    } else {
      set_exception_threadsafe(broken);
    }
  } catch (const std::bad_alloc&) {
    // no memory to tell them: the futures stay unresolved, and cancellation still ends their wait
  }
}

}  // namespace belfry::async
