// The circuit breaker of one job: it is not started for a while when its runs keep failing. Pure; loop thread only.
//
//   closed --its runs fail--> open --cooldown is over--> half_open --the probe succeeds--> closed
//                              ^---------------the probe fails---------'
//
// What counts: runs, by their outcome; retries are within one. `cancelled` and `lost` say nothing about the job and do
// not count, and a slot that was skipped is no run. Opens, without `ratio`, when the last `failures` runs all failed
// within the window; with it, when at least `failures` runs ended within the window and that share of them failed (the
// newest 10,000 are remembered). Whoever runs the job by hand while it is open makes the probe early.
//
// The wall clock is an argument. When it was set back, all that is remembered moves back with it: the cooldown starts
// anew at worst, and never lasts for ever. When it was set forward, the cooldown is over sooner.
// Not kept over a reload that changes the job: what was changed may be what was broken.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "engine/policies.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

class Breaker {
 public:
  enum class State : std::uint8_t {
    closed,     ///< runs start
    open,       ///< slots are skipped(breaker)
    half_open,  ///< one run, the probe, decides
  };

  explicit Breaker(const BreakerPolicy& policy) noexcept : policy_(policy) {}

  /// Whether a slot may start a run. Open turns half_open when the cooldown is over; then one run at a time may start.
  bool permits(WallTime now) noexcept;

  /// A run of the job has started, though permits() may not have been asked. True: the state changed.
  bool run_started(ledger::RunId run, WallTime now) noexcept;

  /// A run of the job has ended. While not closed, only the end of the probe counts: the others started before. True:
  /// the state changed. After a restart the runs of the past may be told again, starts and ends in their order.
  bool run_ended(ledger::RunId run, ledger::Outcome outcome, WallTime now);

  /// After a restart: it was open until then (at most a cooldown from now).
  void restore_open(WallTime until, WallTime now) noexcept;

  /// Closed as new: somebody says that it is repaired.
  void reset() noexcept;

  State state() const noexcept { return state_; }

  /// When the cooldown is over; none unless open.
  std::optional<WallTime> open_until() const noexcept;

  /// One line for people: "open until 2026-11-20T18:08:59Z", "closed, 2 of the last 7 runs failed".
  std::string dump() const;

 private:
  struct End {
    WallTime at;
    bool failed;
  };

  void note_clock(WallTime now) noexcept;
  void remember(bool failed, WallTime now);
  bool too_many_failed() const noexcept;
  void enter_open(WallTime until) noexcept;
  void enter_half_open() noexcept;
  void enter_closed() noexcept;

  BreakerPolicy policy_;
  State state_ = State::closed;
  WallTime open_until_{};
  std::optional<ledger::RunId> probe_;  // half_open: the run that decides, once it has started
  std::deque<End> ends_;             // within the window, the oldest first; without ratio, of failures in a row alone
  std::size_t failed_ = 0;           // of ends_
  WallTime seen_ = WallTime::min();  // the clock: less than this means that it was set back
};

std::string_view to_string(Breaker::State state) noexcept;

}  // namespace belfry::engine
