// CancelPatrol: finds the tasks that do not end although they are cancelled. Not for use outside lib/async.
//
// Cancellations are numbered as they come. One grace after the first of them the patrol looks at every task that is
// older than the number then reached; if there were later ones it comes back one grace later. So it costs nothing while
// nothing is cancelled, a cancellation costs a comparison, and nobody is accused before the grace is over, nor much
// later than twice the grace. Loop thread only.
#pragma once

#include <cstdint>

#include "async/clock.hpp"
#include "async/timer_heap.hpp"

namespace belfry::async::detail {

class Complaints;
class Registry;

class CancelPatrol {
 public:
  CancelPatrol(const Clock& clock, Registry& registry, Complaints& complaints, Duration grace) noexcept
      : clock_(clock), registry_(registry), complaints_(complaints), grace_(grace) {}

  /// The cancellation of that number has just been made.
  void expect_end(std::uint64_t id) noexcept {
    latest_ = id;
    if (due_ == TimerHeap::never) plan();
  }

  /// When it wants to run, by the loop's clock; TimerHeap::never: nothing is cancelled.
  std::int64_t due() const noexcept { return due_; }

  /// Complains once of each task that has ignored a cancellation for longer than the grace, and marks those as leaked
  /// that nobody owns. REQUIRES: due().
  void run() noexcept;

 private:
  void plan() noexcept;

  const Clock& clock_;
  Registry& registry_;
  Complaints& complaints_;
  Duration grace_;
  std::uint64_t latest_ = 0;
  std::uint64_t mark_ = 0;    // what was the latest when the patrol was planned
  std::int64_t planned_ = 0;  // when that was
  std::int64_t due_ = TimerHeap::never;
};

}  // namespace belfry::async::detail
