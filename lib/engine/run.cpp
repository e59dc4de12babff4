#include "engine/run.hpp"

#include <exception>
#include <utility>

#include "async/loop.hpp"
#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "engine/retry.hpp"
#include "time/duration.hpp"

namespace belfry::engine {
namespace {

WallTime now() { return async::Loop::current().wall_now(); }

/// A number in [0, 1) that differs from run to run and attempt to attempt, and is the same when replayed (splitmix64).
double spread_of(ledger::RunId run, int attempt) noexcept {
  auto x = static_cast<std::uint64_t>(run) * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(attempt);
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1.0p-53;
}

ledger::AttemptEnded ended_attempt(const Attempt& attempt, ledger::Outcome outcome, Report&& report) {
  return {.run = attempt.run,
          .job = std::string(attempt.job),
          .attempt = attempt.number,
          .started_at = attempt.started_at,
          .ended_at = now(),
          .outcome = outcome,
          .exit_code = report.exit_code,
          .signal = report.signal,
          .message = std::move(report.message),
          .usage = report.usage,
          .standard_output = std::move(report.standard_output),
          .standard_error = std::move(report.standard_error),
          .orphans = report.orphans,
          .lingering_pipe = report.lingering_pipe};
}

}  // namespace

Run::Run(std::shared_ptr<const Job> job, Launch launch, std::uint64_t generation, Recorder& recorder)
    : job_(std::move(job)),
      generation_(generation),
      recorder_(recorder),
      info_{.run = launch.run,
            .job = job_->name,
            .trigger = launch.trigger,
            .scheduled_at = launch.scheduled_at,
            .started_at = now(),
            .attempt = 0,
            .retry_at = std::nullopt} {}

async::Task<ledger::RunEnded> Run::carry_out() {
  recorder_.record(ledger::RunStarted{.run = info_.run,
                                      .job = info_.job,
                                      .trigger = info_.trigger,
                                      .scheduled_at = info_.scheduled_at,
                                      .started_at = info_.started_at,
                                      .generation = generation_});
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
  ended_.ended_at = now();
  co_return std::move(ended_);
}

void Run::cancel(async::CancelReason reason, std::string why) {
  if (scope_.cancelled()) return;
  why_cancelled_ = std::move(why);
  scope_.cancel(reason);
}

async::Task<> Run::attempts() {
  for (int number = 1;; ++number) {
    co_await attempt(number);
    if (!wants_retry(job_->retry, number, ended_.outcome, ended_.exit_code)) co_return;
    const Duration delay = retry_delay(job_->retry, number, spread_of(info_.run, number));
    info_.retry_at = now() + delay;
    recorder_.publish(RetryPlanned{.run = info_.run, .job = info_.job, .next_attempt = number + 1, .delay = delay});
    co_await async::sleep(delay);
    info_.retry_at.reset();
  }
}

async::Task<> Run::attempt(int number) {
  const Attempt attempt{.job = info_.job,
                        .run = info_.run,
                        .number = number,
                        .trigger = info_.trigger,
                        .scheduled_at = info_.scheduled_at,
                        .started_at = now(),
                        .ledger_id = recorder_.ledger().id()};
  note_launch(number, attempt.started_at);
  Report report;
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
  note_end(ended_attempt(attempt, outcome, std::move(report)));
  if (interrupted) std::rethrow_exception(interrupted);
}

async::Task<ledger::Outcome> Run::act(const Attempt& attempt, Report& report) {
  if (!job_->timeout) co_return co_await job_->action->run(attempt, report);
  const std::optional<ledger::Outcome> outcome =
      co_await async::move_on_after(*job_->timeout, job_->action->run(attempt, report));
  if (outcome) co_return *outcome;
  report.message = "ran past its timeout of " + time::format_duration(*job_->timeout) + " and was ended";
  co_return ledger::Outcome::timeout;
}

void Run::note_launch(int number, WallTime now) {
  info_.attempt = number;
  ended_.attempts = number;
  AttemptStarted started{.run = info_.run, .job = info_.job, .attempt = number, .start_delay = std::nullopt};
  if (number == 1 && info_.scheduled_at && info_.trigger == ledger::RunTrigger::schedule) {
    started.start_delay = now - *info_.scheduled_at;
  }
  recorder_.publish(started);
}

void Run::note_end(ledger::AttemptEnded ended) {
  ended_.outcome = ended.outcome;
  ended_.exit_code = ended.exit_code;
  ended_.signal = ended.signal;
  ended_.message = ended.message;
  recorder_.record(std::move(ended));
}

}  // namespace belfry::engine
