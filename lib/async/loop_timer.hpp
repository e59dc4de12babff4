// LoopTimer: something that the loop's monotonic heap calls when it is due. Intrusive; for awaiters and scopes.
#pragma once

#include "async/timer_heap.hpp"

namespace belfry::async::detail {

/// Link it with loop.timers().push(timer, deadline_ns); it calls fire() once, no longer linked, in the loop's turn,
/// never early. fire() must not resume coroutines: it makes tasks ready (Waiter::complete). Its destructor unlinks it.
class LoopTimer : public TimerNode {
 public:
  virtual void fire() noexcept = 0;

 protected:
  ~LoopTimer() = default;
};

}  // namespace belfry::async::detail
