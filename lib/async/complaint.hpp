// Complaint: something a loop found wrong with what runs on it, for whoever writes the log. Always on; lib/async counts
// it (LoopStats) and tells LoopOptions::on_complaint, but never prints.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include "async/backtrace.hpp"
#include "async/clock.hpp"
#include "async/place.hpp"

namespace belfry::async {

enum class ComplaintKind : std::uint8_t {
  slow_step,             ///< a step took longer than the threshold, and nothing else ran meanwhile; it is over
  stalled,               ///< the same while it lasts, with the loop thread's backtrace (stall_watchdog.hpp)
  never_awaited,         ///< a Task was destroyed that nobody had awaited or spawned: its body never ran
  error_lost,            ///< a task or promise failed, and whoever could have taken the error is gone
  cancellation_ignored,  ///< a task is cancelled and has not ended within the grace
  alive_at_close,        ///< the loop had to destroy the frame of a task that had not ended
};

/// "slow_step", "never_awaited", ...
std::string_view to_string(ComplaintKind kind) noexcept;

struct Complaint {
  ComplaintKind kind = ComplaintKind::slow_step;
  std::uint64_t task_id = 0;  ///< 0: no task, a callback
  std::string task;           ///< its name; for never_awaited the coroutine's signature; empty if unknown
  std::string task_kind;
  Place place;         ///< where it stands, or stood when the step began; never_awaited: where the coroutine is written
  Duration lasted{};   ///< the step, or the time since the cancellation; else zero
  std::string detail;  ///< the error, the reason of the cancellation, or what it waits for
  Backtrace backtrace;  ///< stalled: of the loop's thread; never_awaited: of whoever dropped it; else empty
};

/// One sentence for a log, with what to do about it. Without the backtrace, which takes long to make readable.
std::string to_string(const Complaint& complaint);

/// Called on the loop's thread, for `stalled` on the watchdog's; within the runtime, so it must neither block nor throw
/// (what it throws is dropped) nor touch tasks: note it, write it elsewhere.
using ComplaintHook = std::function<void(const Complaint&)>;

/// what() of a standard exception, else a few words.
std::string describe_error(const std::exception_ptr& error);

}  // namespace belfry::async
