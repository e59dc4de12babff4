// See sleep.hpp.

#include "async/sleep.hpp"

#include "async/loop.hpp"
#include "async/task_node.hpp"
#include "async/timer_heap.hpp"

namespace belfry::async {

bool SleepAwaiter::start() {
  if (relative_) {
    const std::int64_t now = loop().now_ns();
    deadline_ = deadline_ > TimerHeap::never - 1 - now ? TimerHeap::never - 1 : now + deadline_;
  }
  loop().timers().push(*this, deadline_);
  return true;
}

bool YieldAwaiter::start() {
  complete();
  return true;
}

}  // namespace belfry::async
