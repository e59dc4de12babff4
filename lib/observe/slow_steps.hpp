// SlowSteps: which steps held the loop of late, so that a slot which started late can be told what it waited for.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "async/complaint.hpp"
#include "engine/event.hpp"

namespace belfry::observe {

/// A step over the threshold (LoopOptions::slow_step): nothing else ran meanwhile.
struct SlowStep {
  engine::WallTime began;
  engine::WallTime ended;
  std::string task;  ///< its name; "callback", "io" or "libuv" when it was none
  std::string kind;
  std::string place;  ///< the await from which it was resumed, "engine/run.cpp:97"
};

/// Keeps the newest ones. Any thread.
class SlowSteps {
 public:
  static constexpr std::size_t most = 256;

  /// `wall_now`: any thread may call it.
  explicit SlowSteps(std::function<engine::WallTime()> wall_now) : wall_now_(std::move(wall_now)) {}

  /// A hook for a loop that notes what is slow, and tells `next` everything. *this must outlive the loop.
  async::ComplaintHook noting(async::ComplaintHook next);

  /// Those that ran within the span or reach into it, the oldest first.
  std::vector<SlowStep> between(engine::WallTime from, engine::WallTime to) const;

 private:
  void note(const async::Complaint& complaint);

  std::function<engine::WallTime()> wall_now_;
  mutable std::mutex mutex_;
  std::deque<SlowStep> steps_;
};

}  // namespace belfry::observe
