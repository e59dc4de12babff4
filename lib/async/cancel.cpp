// Deadlines and shields; see cancel.hpp.

#include "async/cancel.hpp"

#include "async/loop.hpp"
#include "async/timer_heap.hpp"

namespace belfry::async {
namespace {

void start_timer(detail::LoopTimer& timer, Duration span) {
  Loop& loop = Loop::current();
  const std::int64_t now = loop.now_ns();
  const std::int64_t last = TimerHeap::never - 1;  // further away than the clock reaches
  loop.timers().push(timer, span.count() > last - now ? last : now + span.count());
}

}  // namespace

void CancelScope::set_deadline(std::optional<Duration> after) {
  deadline_ = after;
  if (!ScopeNode::linked()) return;
  detail::LoopTimer& timer = *this;
  timer.cancel();
  if (!after || cancelled()) return;
  if (*after <= Duration::zero()) {
    fire();
  } else {
    start_timer(timer, *after);
  }
}

CancelScope::Entered::Entered(CancelScope& scope) : scope_(scope), entry_(scope) {
  if (scope.deadline_) start_timer(scope, *scope.deadline_);
}

CancelScope::Entered::~Entered() { static_cast<detail::LoopTimer&>(scope_).cancel(); }

namespace detail {

Shield::Shield(Duration grace) : grace_(grace), entry_(raised()) {}

Shield::~Shield() { LoopTimer::cancel(); }

ScopeNode& Shield::raised() noexcept {
  shield_ = true;
  return *this;
}

void Shield::parent_cancelled() noexcept {
  if (!TimerNode::linked()) start_timer(*this, grace_);
}

}  // namespace detail
}  // namespace belfry::async
