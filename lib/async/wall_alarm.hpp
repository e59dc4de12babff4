// WallAlarm: waits for an instant of the wall clock, and notices when the clock is set or the machine was suspended.
#pragma once

#include <cstdint>

#include "async/clock.hpp"
#include "async/task.hpp"

namespace belfry::async {

class Loop;

enum class WallWake : std::uint8_t {
  due,            ///< the instant has come (never early)
  clock_changed,  ///< the wall clock was set, or the machine resumed: look at the clock again
};

/// Watches the clock from its construction to its destruction, also between waits: a change that happened meanwhile
/// ends the next wait at once. Causes no wakeups but those two. Loop thread only; REQUIRES: the loop runs.
class WallAlarm {
 public:
  /// Throws std::system_error when no timerfd can be made.
  WallAlarm();
  WallAlarm(const WallAlarm&) = delete;
  WallAlarm& operator=(const WallAlarm&) = delete;
  ~WallAlarm();

  /// Waits for that instant (WallTime::max(): only for changes of the clock). A change of the clock wins over being
  /// due. Cancellation: throws Cancelled, nothing is lost.
  Task<WallWake> wait_until(WallTime instant);

 private:
  Loop& loop_;
  std::uint64_t changes_seen_;
};

}  // namespace belfry::async
