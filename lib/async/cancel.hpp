// Cancellation: a tree of scopes, with trio's semantics.
//
// A CancelScope is entered only by run(); while its body runs, cancel(reason) makes the await at which the body is
// parked, and every later one (level-triggered), throw Cancelled. The body cleans up and lets it pass; run() swallows
// exactly the Cancelled of its own scope. Nothing is abandoned: run() returns when the body has really ended.
// A result that arrived before the cancellation wins over it. Loop thread only, but a scope may be made anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "async/cancel_tree.hpp"
#include "async/clock.hpp"
#include "async/loop_timer.hpp"
#include "async/task.hpp"

namespace belfry::async {

namespace detail {
/// What CancelScope::run gives: optional<T>, or for void whether the body ran to its end.
template <class T>
using ScopeResult = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;
}  // namespace detail

/// A region of one task's execution that can be cancelled as a whole, with all that it starts in task groups.
/// Neither copyable nor movable. It may be run again after it ended; once cancelled it stays so.
/// REQUIRES: it outlives run(), and is not run twice at a time (std::logic_error).
class CancelScope final : private detail::ScopeNode, private detail::LoopTimer {
 public:
  CancelScope() noexcept = default;

  /// A scope that cancels itself (CancelReason::timeout) this long after run() began.
  static CancelScope with_deadline(Duration after) { return CancelScope(after); }

  /// Runs the body within this scope and returns what it returned: optional<T>, for Task<> true.
  /// nullopt (false) when Cancelled left the body because of this scope; a scope that is cancelled before run() does
  /// not start its body. Any other exception passes, also the Cancelled of an outer scope; run() is a cancellation
  /// point of the outer scope before it starts the body.
  template <class T>
  Task<detail::ScopeResult<T>> run(Task<T> body);

  /// Moves the deadline to this long from now; without a span there is none any more. Not before now: a span <= 0
  /// cancels at the body's next await. No effect once cancelled. Before run() it is counted from run().
  void set_deadline(std::optional<Duration> after);

  /// Cancels the body, now and for good; the first reason counts. Resumes nobody within this call.
  void cancel(CancelReason reason = CancelReason::user) noexcept { ScopeNode::cancel(reason); }

  /// Whether cancel() was called or the deadline has passed; not whether an outer scope is cancelled.
  bool cancelled() const noexcept { return ScopeNode::cancelled(); }

  /// The reason of the first cancel().
  std::optional<CancelReason> reason() const noexcept {
    return cancelled() ? std::optional(ScopeNode::reason()) : std::nullopt;
  }

 private:
  class Entered;
  explicit CancelScope(Duration deadline) noexcept : deadline_(deadline) {}
  void fire() noexcept override { ScopeNode::cancel(CancelReason::timeout); }
  std::optional<Duration> deadline_;
};

/// Runs the body deaf to every outer cancellation: for the clean-up that must await. Once an outer scope is cancelled
/// (or if it is already) the body has `grace` left; then it is cancelled like any other. Returns what the body returns.
template <class T>
Task<T> shielded(Task<T> body, Duration grace);

/// The running task is in the scope, its deadline is armed.
class CancelScope::Entered {
 public:
  explicit Entered(CancelScope& scope);
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  ~Entered();

 private:
  CancelScope& scope_;
  detail::ScopeEntry entry_;
};

template <class T>
Task<detail::ScopeResult<T>> CancelScope::run(Task<T> body) {
  check_cancelled();
  if (cancelled()) {
    body.discard();
    co_return detail::ScopeResult<T>{};
  }
  const Entered entered(*this);
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      co_return true;
    } else {
      detail::ScopeResult<T> result(co_await std::move(body));
      co_return result;
    }
  } catch (const Cancelled& cancelled) {
    if (!caused(cancelled)) throw;
  }
  co_return detail::ScopeResult<T>{};
}

namespace detail {

/// The scope of shielded(): hides its parents until their cancellation is older than the grace.
class Shield final : public ScopeNode, private LoopTimer {
 public:
  explicit Shield(Duration grace);
  ~Shield();

  /// The grace begins, if it has not yet.
  void parent_cancelled() noexcept;

 private:
  ScopeNode& raised() noexcept;
  void fire() noexcept override { lift_shield(); }

  Duration grace_;
  ScopeEntry entry_;
};

}  // namespace detail

template <class T>
Task<T> shielded(Task<T> body, Duration grace) {
  const detail::Shield shield(grace);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(body);
  } else {
    T result = co_await std::move(body);
    co_return result;
  }
}

}  // namespace belfry::async
