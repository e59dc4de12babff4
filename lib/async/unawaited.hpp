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
  QuietDestruction() noexcept;
  QuietDestruction(const QuietDestruction&) = delete;
  QuietDestruction& operator=(const QuietDestruction&) = delete;
  ~QuietDestruction();
};

}  // namespace belfry::async::detail
