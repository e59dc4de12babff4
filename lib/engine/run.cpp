#include "engine/run.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "async/fault_point.hpp"
#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "engine/retry.hpp"
#include "ledger/outcome.hpp"
#include "time/duration.hpp"

namespace belfry::engine {
namespace {

/// What an adopted attempt has left of its timeout, at least: its end must be seen before it is ended.
constexpr Duration least_timeout = std::chrono::milliseconds{1};

/// Observers are told of progress no more often.
constexpr Duration progress_pause = std::chrono::seconds{1};

WallTime now() { return async::Loop::current().wall_now(); }

/// A number in [0, 1) that differs from run to run and attempt to attempt, and is the same when replayed (splitmix64).
double spread_of(ledger::RunId run, int attempt) noexcept {
  auto x = static_cast<std::uint64_t>(run) * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(attempt);
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1.0p-53;
}

bool may_follow(RunState from, RunState to) noexcept {
  switch (to) {
    case RunState::admitted:
      return false;
    case RunState::attempting:
      return from == RunState::admitted || from == RunState::resting;
    case RunState::resting:
      return from == RunState::attempting;
    case RunState::ended:
      return from != RunState::ended;
  }
  return false;
}

}  // namespace

std::string_view to_string(RunState state) noexcept {
  switch (state) {
    case RunState::admitted:
      return "admitted";
    case RunState::attempting:
      return "attempting";
    case RunState::resting:
      return "resting";
    case RunState::ended:
      return "ended";
  }
  return "admitted";
}

Run::Run(std::shared_ptr<const Job> job, const Launch& launch, std::uint64_t generation,
         std::optional<WallTime> previous_success, Recorder& recorder)
    : job_(std::move(job)),
      generation_(generation),
      previous_success_(previous_success),
      recorder_(recorder),
      files_(launch.files),
      waited_(launch.waits.sum()),
      started_ns_(async::Loop::current().now_ns()) {
  info_.run = launch.run;
  info_.job = job_->name;
  info_.trigger = launch.trigger;
  info_.scheduled_at = launch.scheduled_at;
  info_.started_at = now();
  // Before anything else can happen: who is killed now has left word of it.
  recorder_.record(ledger::RunStarted{.run = info_.run,
                                      .job = info_.job,
                                      .trigger = info_.trigger,
                                      .scheduled_at = info_.scheduled_at,
                                      .started_at = info_.started_at,
                                      .generation = generation_,
                                      .caused_by = launch.caused_by,
                                      .waits = launch.waits});
  BELFRY_FAULT_POINT("run.started");
}

Run::Run(std::shared_ptr<const Job> job, ledger::LiveRun left, std::optional<WallTime> previous_success,
         Recorder& recorder)
    : job_(std::move(job)),
      generation_(left.started.generation),
      previous_success_(previous_success),
      recorder_(recorder),
      left_(std::move(left)) {
  info_.run = left_->started.run;
  info_.job = job_->name;
  info_.trigger = left_->started.trigger;
  info_.scheduled_at = left_->started.scheduled_at;
  info_.started_at = left_->started.started_at;
  info_.adopted = true;
  recorder_.publish(RunAdopted{.started = left_->started, .attempt = left_->attempt});
  BELFRY_FAULT_POINT("run.adopted");
}

async::Task<ledger::RunEnded> Run::carry_out() {
  ended_.run = info_.run;
  ended_.job = info_.job;
  ended_.trigger = info_.trigger;
  ended_.scheduled_at = info_.scheduled_at;
  ended_.started_at = info_.started_at;
  ended_.attempts = 0;
  const bool finished = co_await scope_.run(attempts());
  if (!finished) {
    ended_.outcome = ledger::Outcome::cancelled;
    ended_.message = why_cancelled_;
  }
  enter_ended();
  co_return std::move(ended_);
}

void Run::cancel(async::CancelReason reason, std::string why) {
  if (scope_.cancelled()) return;
  why_cancelled_ = std::move(why);
  scope_.cancel(reason);
}

async::Task<> Run::attempts() {
  if (left_ && left_->attempt > 0) {
    co_await go_on();
  } else {
    co_await attempt(1);
  }
  while (wants_more()) {
    co_await rest(retry_delay(job_->retry, info_.attempt, spread_of(info_.run, info_.attempt)));
    co_await attempt(info_.attempt + 1);
  }
}

/// Where an earlier daemon left off: within an attempt, or in the pause behind one.
async::Task<> Run::go_on() {
  enter_attempting(left_->attempt, left_->attempt_started_at);
  if (!left_->attempt_ended) {
    const Attempt attempt = describe_attempt(left_->attempt, left_->attempt_started_at);
    Report report = new_report();
    if (recorder_.live() != nullptr) report.kept = recorder_.live()->take_kept(info_.run);
    ledger::Outcome outcome = ledger::Outcome::lost;
    std::exception_ptr interrupted;
    try {
      outcome = co_await adopt(attempt, report);
    } catch (const async::Cancelled&) {
      outcome = ledger::Outcome::cancelled;
      report.message = why_cancelled_;
      interrupted = std::current_exception();
    } catch (const std::exception& error) {
      report.message = error.what();
    }
    note_end(attempt, outcome, std::move(report));
    if (interrupted) std::rethrow_exception(interrupted);
    co_return;
  }
  const ledger::AttemptEnded& before = *left_->attempt_ended;
  ended_.outcome = before.outcome;
  ended_.exit_code = before.exit_code;
  ended_.signal = before.signal;
  ended_.message = before.message;
}

/// Whether the attempt that has ended is followed by another.
bool Run::wants_more() {
  if (for_good_) return false;
  if (wants_retry(job_->retry, info_.attempt, ended_.outcome, ended_.exit_code)) return true;
  const bool failed = ended_.outcome != ledger::Outcome::success && ended_.outcome != ledger::Outcome::lost;
  if (failed && job_->retry.limit > 0 && info_.attempt > job_->retry.limit) {
    recorder_.publish(GaveUp{.run = info_.run, .job = info_.job, .attempts = info_.attempt});
  }
  return false;
}

async::Task<> Run::attempt(int number) {
  const WallTime started_at = now();
  enter_attempting(number, started_at);
  const Attempt attempt = describe_attempt(number, started_at);
  Report report = new_report();
  ledger::Outcome outcome = ledger::Outcome::failure;
  std::exception_ptr interrupted;
  try {
    outcome = co_await act(attempt, report);
  } catch (const async::Cancelled&) {
    outcome = ledger::Outcome::cancelled;
    report.message = why_cancelled_;
    interrupted = std::current_exception();
  } catch (const std::exception& error) {
    report.message = error.what();
  }
  note_end(attempt, outcome, std::move(report));
  if (interrupted) std::rethrow_exception(interrupted);
}

async::Task<> Run::rest(Duration delay) {
  enter_resting(delay);
  co_await async::sleep(delay);
}

async::Task<ledger::Outcome> Run::act(const Attempt& attempt, Report& report) {
  if (!job_->timeout) co_return co_await job_->action->run(attempt, report);
  const std::optional<ledger::Outcome> outcome =
      co_await async::move_on_after(*job_->timeout, job_->action->run(attempt, report));
  if (outcome) co_return *outcome;
  report.message = "ran past its timeout of " + time::format_duration(*job_->timeout) + " and was ended";
  co_return ledger::Outcome::timeout;
}

async::Task<ledger::Outcome> Run::adopt(const Attempt& attempt, Report& report) {
  constexpr const char* unknown = "belfryd was killed while it ran, so how it ended is unknown";
  const io::ProcessMark process = left_->process.value_or(io::ProcessMark{});
  std::optional<std::optional<ledger::Outcome>> outcome;
  if (job_->timeout) {
    const Duration remaining = std::max(*job_->timeout - (now() - attempt.started_at), least_timeout);
    outcome = co_await async::move_on_after(remaining, job_->action->adopt(attempt, process, report));
  } else {
    outcome = co_await job_->action->adopt(attempt, process, report);
  }
  if (!outcome) {
    report.message = "ran past its timeout of " + time::format_duration(*job_->timeout) + " and was ended";
    co_return ledger::Outcome::timeout;
  }
  if (!*outcome && report.message.empty()) report.message = unknown;
  co_return outcome->value_or(ledger::Outcome::lost);
}

Attempt Run::describe_attempt(int number, WallTime started_at) {
  return {.job = info_.job,
          .run = info_.run,
          .number = number,
          .trigger = info_.trigger,
          .scheduled_at = info_.scheduled_at,
          .started_at = started_at,
          .delay = info_.scheduled_at ? info_.started_at - *info_.scheduled_at : Duration{},
          .previous_success = previous_success_,
          .ledger_id = recorder_.ledger().id(),
          .approvals = &approvals_,
          .carried = &carried_,
          .files = files_.get()};
}

Report Run::new_report() {
  Report report;
  ledger::LiveRuns* const live = recorder_.live();
  if (live != nullptr) {
    const auto [output, error] = live->output(info_.run);
    report.kept_output = output;
    report.kept_error = error;
    report.keep = [live, run = info_.run](std::span<const io::LabelledFd> fds, bool large) {
      const bool kept = live->keep(run, fds, large);
      BELFRY_FAULT_POINT("attempt.kept");
      return kept;
    };
  }
  report.launched = [this, live](const io::ProcessMark& process) {
    if (live != nullptr) live->launched(info_.run, process);
    BELFRY_FAULT_POINT("attempt.launched");
    note_launch();
  };
  report.step_ended = [this](ledger::StepEnded step) {
    step.run = info_.run;
    step.job = info_.job;
    step.attempt = info_.attempt;
    recorder_.record(std::move(step));
    BELFRY_FAULT_POINT("step.ended");
  };
  report.progress = [this](const Progress& progress) { note_progress(progress); };
  return report;
}

/// An action without a process is launched when its attempt begins; one with a process once more, when that is there.
void Run::note_launch() {
  if (info_.attempt == 1 && !left_) launch_ = Duration(async::Loop::current().now_ns() - started_ns_);
}

void Run::note_progress(const Progress& progress) {
  if (info_.progress == progress) return;
  info_.progress = progress;
  const std::int64_t now_ns = async::Loop::current().now_ns();
  if (progressed_ns_ && Duration(now_ns - *progressed_ns_) < progress_pause) return;
  progressed_ns_ = now_ns;
  recorder_.publish(RunProgressed{.run = info_.run, .job = info_.job, .attempt = info_.attempt, .progress = progress});
}

void Run::enter(RunState next) {
  if (!may_follow(info_.state, next)) {
    throw std::logic_error(dump() + " cannot become " + std::string(to_string(next)) +
                           "; please report this as a bug of belfry");
  }
  info_.state = next;
}

void Run::enter_attempting(int number, WallTime started_at) {
  enter(RunState::attempting);
  info_.attempt = number;
  info_.retry_at.reset();
  info_.progress.reset();
  progressed_ns_.reset();
  ended_.attempts = number;
  if (left_ && number == left_->attempt) return;  // the earlier daemon has told of it
  if (recorder_.live() != nullptr) recorder_.live()->attempt(info_.run, number, started_at);
  BELFRY_FAULT_POINT("attempt.begun");
  note_launch();
  AttemptStarted started{.run = info_.run,
                         .job = info_.job,
                         .attempt = number,
                         .start_delay = std::nullopt,
                         .queue_wait = number == 1 ? std::optional(waited_) : std::nullopt};
  if (number == 1 && info_.scheduled_at && info_.trigger == ledger::RunTrigger::schedule) {
    started.start_delay = started_at - *info_.scheduled_at;
  }
  recorder_.publish(started);
}

void Run::enter_resting(Duration delay) {
  enter(RunState::resting);
  info_.retry_at = now() + delay;
  recorder_.publish(
      RetryPlanned{.run = info_.run, .job = info_.job, .next_attempt = info_.attempt + 1, .delay = delay});
  BELFRY_FAULT_POINT("attempt.rests");
}

void Run::enter_ended() {
  enter(RunState::ended);
  info_.retry_at.reset();
  ended_.ended_at = now();
}

void Run::note_end(const Attempt& attempt, ledger::Outcome outcome, Report&& report) {
  ended_.outcome = outcome;
  ended_.exit_code = report.exit_code;
  ended_.signal = report.signal;
  ended_.message = with_aftermath(std::move(report.message), report);
  for_good_ = report.for_good;
  recorder_.record(ledger::AttemptEnded{.run = attempt.run,
                                        .job = std::string(attempt.job),
                                        .attempt = attempt.number,
                                        .started_at = attempt.started_at,
                                        .ended_at = now(),
                                        .outcome = outcome,
                                        .exit_code = report.exit_code,
                                        .signal = report.signal,
                                        .message = ended_.message,
                                        .usage = report.usage,
                                        .standard_output = std::move(report.standard_output),
                                        .standard_error = std::move(report.standard_error),
                                        .orphans = report.orphans,
                                        .lingering_pipe = report.lingering_pipe,
                                        .launch = attempt.number == 1 ? launch_ : std::nullopt});
  BELFRY_FAULT_POINT("attempt.ended");
}

std::string Run::dump() const {
  std::string text = info_.job + " run " + std::to_string(info_.run) + " " + std::string(to_string(info_.state));
  if (info_.attempt > 0) text += " " + std::to_string(info_.attempt);
  return text;
}

}  // namespace belfry::engine
