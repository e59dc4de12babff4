// periodic() and delayed(): tasks that begin by the clock. Loop thread only.
//
//   JoinHandle<> beat = spawn(periodic(30s, [&] { return send_heartbeat(); }), "heartbeat");   // until it is dropped
#pragma once

#include <cstdint>
#include <utility>

#include "async/clock.hpp"
#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/task.hpp"

namespace belfry::async {

/// What becomes of the ticks that a slow run has missed.
enum class MissedTicks : std::uint8_t {
  skip,      ///< they are left out; the next run is at the next multiple of the interval
  catch_up,  ///< they are run one after the other, until it is in time again
  delay,     ///< the schedule moves: the next run is one interval after the late one began
};

class PeriodicOptions {
 public:
  PeriodicOptions() = default;
  /// Default: skip.
  PeriodicOptions& missed(MissedTicks policy) noexcept { return missed_ = policy, *this; }
  /// The first run is at once instead of one interval later.
  PeriodicOptions& at_once() noexcept { return at_once_ = true, *this; }

 private:
  friend class Ticks;
  MissedTicks missed_ = MissedTicks::skip;
  bool at_once_ = false;
};

/// The instants of periodic(): fixed multiples of the interval, so errors do not add up. Pure arithmetic.
class Ticks {
 public:
  /// From monotonic `now`. Throws std::invalid_argument unless the interval is positive.
  Ticks(std::int64_t now, Duration interval, PeriodicOptions options);

  std::int64_t next() const noexcept { return next_; }
  /// The run of next() began and ended at these instants.
  void ran(std::int64_t began, std::int64_t ended) noexcept;

 private:
  std::int64_t next_;
  std::int64_t interval_;
  MissedTicks missed_;
};

/// Awaits make(), a Task<>, again and again at a fixed rate, never two at a time and never early. Ends only by an
/// exception of make() or by cancellation; each pause is a cancellation point. `make` is kept until it has ended.
template <class Make>
Task<> periodic(Duration interval, Make make, PeriodicOptions options = PeriodicOptions()) {
  const Loop& loop = Loop::current();
  Ticks ticks(loop.now_ns(), interval, options);
  for (;;) {
    co_await sleep_until(ticks.next());
    const std::int64_t began = loop.now_ns();
    co_await make();
    ticks.ran(began, loop.now_ns());
  }
}

/// Begins the task after this long and gives its value. Cancelled before: it is never begun.
template <class T>
Task<T> delayed(Duration delay, Task<T> task) {
  co_await sleep(delay);
  co_return co_await std::move(task);
}

}  // namespace belfry::async
