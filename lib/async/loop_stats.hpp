// LoopStats: how the loop is doing. A snapshot that any thread may take, also while the loop is stuck in a step.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/clock.hpp"
#include "async/place.hpp"

namespace belfry::async {

/// Durations, counted by size.
struct DurationHistogram {
  static constexpr std::array<Duration, 14> bounds{
      std::chrono::microseconds(10),  std::chrono::microseconds(50),  std::chrono::microseconds(100),
      std::chrono::microseconds(500), std::chrono::milliseconds(1),   std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),  std::chrono::milliseconds(25),  std::chrono::milliseconds(50),
      std::chrono::milliseconds(100), std::chrono::milliseconds(250), std::chrono::milliseconds(500),
      std::chrono::seconds(1),        std::chrono::seconds(10)};
  std::array<std::uint64_t, bounds.size() + 1> counts{};  ///< up to each bound, not summed up; the last: longer
  Duration sum{};

  std::uint64_t count() const noexcept;
};

/// Steps over the threshold that began at the same place in tasks of the same name.
struct SlowPlace {
  Place place;       ///< the await from which the step was resumed; the spawn, for a first step
  std::string task;  ///< its name; "callback" for a call_soon function, "io" or "libuv" for a callback of libuv's;
                     ///< "other" for what did not fit into the table
  std::string kind;
  std::uint64_t count = 0;
  Duration total{};
  Duration longest{};
};

/// The step that runs at this moment.
struct RunningNow {
  std::uint64_t task_id = 0;  ///< 0: a callback
  std::string task;
  std::string kind;
  Place place;  ///< the await from which it was resumed
  Duration elapsed{};
};

/// How many tasks of a kind there are and were.
struct KindStats {
  std::string kind;
  std::uint64_t created = 0;   ///< in all loops of the process
  std::uint64_t finished = 0;  ///< in all loops of the process
  std::uint64_t live = 0;      ///< in all loops of the process
  /// In this loop: their JoinHandle was dropped and they have ignored the cancellation for longer than the grace
  /// (LoopOptions::cancel_grace), or they are detached and older than their kind's expected life.
  std::uint64_t leaked = 0;
  Duration oldest{};  ///< the age of the oldest in this loop; zero if there is none
};

struct LoopStats {
  std::uint64_t iterations = 0;  ///< turns of the loop: it polled for I/O that often
  std::uint64_t steps = 0;       ///< steps of tasks and callbacks
  DurationHistogram step_time;   ///< how long steps took (real time, also under a manual clock)
  DurationHistogram lag;         ///< how late due timers fired and ready work ran
  std::uint64_t slow_steps = 0;  ///< steps over the threshold
  std::vector<SlowPlace> slow_places;
  std::optional<RunningNow> running;
  std::size_t tasks = 0;   ///< live tasks of this loop
  std::size_t timers = 0;  ///< in the monotonic heap, at the end of the last turn
  std::size_t wall_timers = 0;
  std::uint64_t timers_fired = 0;           ///< of both
  Duration idle{};                          ///< slept in polls
  std::uint64_t stalls = 0;                 ///< seen by a StallWatchdog
  std::uint64_t never_awaited = 0;          ///< Tasks that were destroyed before anybody awaited or spawned them
  std::uint64_t errors_not_retrieved = 0;   ///< tasks and promises whose failure nobody was left to take
  std::uint64_t cancellations_ignored = 0;  ///< by tasks that did not end within the grace
  std::uint64_t destroyed_at_close = 0;     ///< tasks that outlasted the shutdown grace
  std::vector<KindStats> kinds;
};

}  // namespace belfry::async
