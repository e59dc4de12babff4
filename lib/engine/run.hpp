// One run under way: its attempts, their timeout, the pauses between them, and its end.
//
// Owned by the engine until carry_out() has returned; loop thread only.
#pragma once

#include <memory>
#include <string>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "engine/recorder.hpp"
#include "engine/status.hpp"

namespace belfry::engine {

/// What is needed to start a run, decided at admission.
struct Launch {
  ledger::RunId run = 0;
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<WallTime> scheduled_at;  ///< the slot; none for a run by hand
};

class Run {
 public:
  Run(std::shared_ptr<const Job> job, Launch launch, std::uint64_t generation, Recorder& recorder);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Records RunStarted, makes attempts until one succeeds, the retry policy has enough or cancel() is called, records
  /// every AttemptEnded, and returns the RunEnded for the caller to record. Resumes on the loop. Throws nothing.
  async::Task<ledger::RunEnded> carry_out();

  /// Ends the run: the action of the current attempt ends what it started, no attempt follows, the outcome is
  /// `cancelled` with `why` as its message. An end that has already happened wins.
  void cancel(async::CancelReason reason, std::string why);

  const ActiveRun& info() const noexcept { return info_; }

 private:
  async::Task<> attempts();
  async::Task<> attempt(int number);
  async::Task<ledger::Outcome> act(const Attempt& attempt, Report& report);
  void note_launch(int number, WallTime now);
  void note_end(ledger::AttemptEnded ended);

  std::shared_ptr<const Job> job_;
  std::uint64_t generation_;
  Recorder& recorder_;
  ActiveRun info_;
  ledger::RunEnded ended_;
  async::CancelScope scope_;
  std::string why_cancelled_;
};

}  // namespace belfry::engine
