// Coroutines that are destroyed before they began: who is told, and when that is no mistake. Not for use outside
// lib/async.
#pragma once

#include <coroutine>

namespace belfry::async::detail {

class PromiseBase;

/// Destroys the frame of a coroutine that nobody awaited or spawned. The loop of this thread complains, unless an
/// exception is in flight or the frame was a part of one that is being destroyed: then it is a consequence, no mistake.
void destroy_unawaited(const PromiseBase& promise, std::coroutine_handle<> frame) noexcept;

/// While one exists on this thread, what is destroyed is a consequence.
class QuietDestruction {
 public:
  QuietDestruction() noexcept { ++alive_; }
  QuietDestruction(const QuietDestruction&) = delete;
  QuietDestruction& operator=(const QuietDestruction&) = delete;
  ~QuietDestruction() { --alive_; }

  static bool any() noexcept { return alive_ != 0; }

 private:
  static inline constinit thread_local int alive_ = 0;
};

}  // namespace belfry::async::detail
