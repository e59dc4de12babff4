// Run: the state machine of one execution: its attempts, their timeout, the pauses between them, and its end.
//
//   admitted ----> attempting <----> resting
//        \              |                |
//         \-------------+--> ended <-----/
//
// Owned by the engine until carry_out() has returned; loop thread only.
#pragma once

#include <any>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "async/cancel.hpp"
#include "async/task.hpp"
#include "engine/approvals.hpp"
#include "engine/launch.hpp"
#include "engine/recorder.hpp"
#include "engine/status.hpp"

namespace belfry::engine {

class Run {
 public:
  /// A run that is to begin. `previous_success`: when the job's last success ended.
  Run(std::shared_ptr<const Job> job, const Launch& launch, std::uint64_t generation,
      std::optional<WallTime> previous_success, Recorder& recorder);

  /// A run that an earlier daemon began, as it was left. REQUIRES: it has not ended.
  Run(std::shared_ptr<const Job> job, ledger::LiveRun left, std::optional<WallTime> previous_success,
      Recorder& recorder);

  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Records RunStarted (not of an earlier daemon's run), goes on with the attempt that is under way if there is one,
  /// and makes attempts until one succeeds, the retry policy has enough or cancel() is called; records every
  /// AttemptEnded, and returns the RunEnded for the caller to record. Resumes on the loop. Throws nothing.
  async::Task<ledger::RunEnded> carry_out();

  /// Ends the run: the action of the current attempt ends what it started, no attempt follows, the outcome is
  /// `cancelled` with `why` as its message. CancelReason::replaced: without any grace. An end that has already happened
  /// wins.
  void cancel(async::CancelReason reason, std::string why);

  /// Answers for a step that waits for a person; see Approvals::decide().
  std::expected<std::string, Refusal> decide(std::string_view step, ApprovalAnswer answer) {
    return approvals_.decide(step, std::move(answer));
  }

  /// Whether cancel() was called.
  bool cancelled() const noexcept { return scope_.cancelled(); }

  const ActiveRun& info() const noexcept { return info_; }
  RunState state() const noexcept { return info_.state; }

  /// One line for a person: "backup run 17 attempting 2".
  std::string dump() const;

 private:
  async::Task<> attempts();
  async::Task<> go_on();
  async::Task<> attempt(int number);
  async::Task<> rest(Duration delay);
  async::Task<ledger::Outcome> act(const Attempt& attempt, Report& report);
  async::Task<ledger::Outcome> adopt(const Attempt& attempt, Report& report);
  Attempt describe_attempt(int number, WallTime started_at);
  Report new_report();
  void note_launch();
  void note_progress(const Progress& progress);
  bool wants_more();

  void enter(RunState next);
  void enter_attempting(int number, WallTime started_at);
  void enter_resting(Duration delay);
  void enter_ended();
  void note_end(const Attempt& attempt, ledger::Outcome outcome, Report&& report);

  std::shared_ptr<const Job> job_;
  std::uint64_t generation_;
  std::optional<WallTime> previous_success_;
  Recorder& recorder_;
  std::optional<ledger::LiveRun> left_;  // by an earlier daemon
  ActiveRun info_;
  Approvals approvals_{info_, recorder_};
  ledger::RunEnded ended_;
  async::CancelScope scope_;
  std::string why_cancelled_;
  bool for_good_ = false;                      // see Report
  std::shared_ptr<const WatchedFiles> files_;  // of a watch; not of an earlier daemon's run
  Duration waited_{};                          // before it started
  std::int64_t started_ns_ = 0;                // of the loop's clock; not of an earlier daemon's run
  std::optional<Duration> launch_;             // of the first attempt
  std::optional<std::int64_t> progressed_ns_;  // when observers were told of it last
  std::any carried_;                           // see Attempt::carried
};

}  // namespace belfry::engine
