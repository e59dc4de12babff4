#include "observe/log_observer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace belfry::observe {

namespace {

constexpr std::chrono::minutes kWindow{1};

/// Slots of one kind, for RateLimit.
std::string key_of(const ledger::SlotClosed& slot) {
  std::string key = slot.job;
  for (const std::string_view part : {to_string(slot.result), to_string(slot.reason)}) (key += '\0') += part;
  return key;
}

std::array<std::string_view, 3> parts_of(std::string_view key) {
  const std::size_t first = key.find('\0');
  const std::size_t last = key.rfind('\0');
  return {key.substr(0, first), key.substr(first + 1, last - first - 1), key.substr(last + 1)};
}

double in_seconds(engine::Duration span) { return std::chrono::duration<double>(span).count(); }

LogLevel level_of(ledger::Outcome outcome) {
  switch (outcome) {
    case ledger::Outcome::success:
    case ledger::Outcome::cancelled:
      return LogLevel::info;
    case ledger::Outcome::start_error:
      return LogLevel::error;
    default:
      return LogLevel::warning;
  }
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMost) out += " and " + std::to_string(names.size() - kMost) + " more";
  return out;
}

}  // namespace

/// One member for each kind of event that is worth a line; the last one takes all others.
struct LogObserver::Listener {
  Log& log;
  RateLimit& limit;

  void operator()(const ledger::RunStarted& run) const {
    log.debug("run started", {{"job", run.job}, {"run", run.run}, {"trigger", to_string(run.trigger)}});
  }

  void operator()(const ledger::RunEnded& run) const {
    LogFields fields{{"job", run.job},
                     {"run", run.run},
                     {"outcome", to_string(run.outcome)},
                     {"duration_seconds", in_seconds(run.ended_at - run.started_at)},
                     {"trigger", to_string(run.trigger)}};
    if (run.scheduled_at) fields.emplace_back("scheduled_at", local_time(*run.scheduled_at));
    if (run.exit_code) fields.emplace_back("exit_code", *run.exit_code);
    if (run.signal) fields.emplace_back("signal", *run.signal);
    if (run.attempts > 1) fields.emplace_back("attempts", run.attempts);
    if (!run.message.empty()) fields.emplace_back("reason", run.message);
    log.write(level_of(run.outcome), "run ended", fields);
  }

  /// A flow may have thousands of them, and how it ended says which failed first.
  void operator()(const ledger::StepEnded& step) const {
    LogFields fields{{"job", step.job},
                     {"run", step.run},
                     {"attempt", step.attempt},
                     {"step", step.step},
                     {"try", step.number},
                     {"outcome", step.outcome ? to_string(*step.outcome) : "skipped"},
                     {"duration_seconds", in_seconds(step.ended_at - step.started_at)}};
    if (step.item > 0) fields.emplace_back("item", step.item);
    if (step.exit_code) fields.emplace_back("exit_code", *step.exit_code);
    if (step.signal) fields.emplace_back("signal", *step.signal);
    if (!step.message.empty()) fields.emplace_back("reason", step.message);
    log.debug("step ended", fields);
  }

  void operator()(const ledger::AttemptEnded& attempt) const {
    if (attempt.orphans > 0) {
      log.warning(
          "processes outlived their attempt and were swept up",
          {{"job", attempt.job}, {"run", attempt.run}, {"attempt", attempt.attempt}, {"processes", attempt.orphans}});
    }
    if (attempt.lingering_pipe) {
      log.warning("a process kept the output of its job open after the end of the attempt",
                  {{"job", attempt.job}, {"run", attempt.run}, {"attempt", attempt.attempt}});
    }
  }

  void operator()(const engine::RetryPlanned& retry) const {
    log.info("attempt failed, will be tried again", {{"job", retry.job},
                                                     {"run", retry.run},
                                                     {"next_attempt", retry.next_attempt},
                                                     {"delay_seconds", in_seconds(retry.delay)}});
  }

  void operator()(const ledger::SlotClosed& slot) const {
    if (slot.result == ledger::SlotResult::started) return;
    if (slot.result == ledger::SlotResult::coalesced) {
      log.info("slots were folded into one run", slot_fields(slot));
      return;
    }
    const auto held_back = limit.admit(key_of(slot), slot.closed_at);
    if (!held_back) return;
    LogFields fields = slot_fields(slot);
    if (*held_back > 0) fields.emplace_back("more_since_last_line", *held_back);
    log.warning(slot.result == ledger::SlotResult::missed ? "slot missed" : "slot skipped", fields);
  }

  void operator()(const engine::CatalogApplied& applied) const {
    LogFields fields{{"generation", applied.catalog->generation}, {"jobs", applied.catalog->jobs.size()}};
    if (applied.catalog->generation > 1) {  // the first one adds them all
      if (!applied.added.empty()) fields.emplace_back("added", joined(applied.added));
      if (!applied.changed.empty()) fields.emplace_back("changed", joined(applied.changed));
      if (!applied.removed.empty()) fields.emplace_back("removed", joined(applied.removed));
    }
    log.info("configuration in force", fields);
  }

  void operator()(const engine::Resumed& resumed) const {
    log.info("history read", {{"jobs", resumed.past->jobs.size()},
                              {"unfinished_runs", resumed.past->unfinished.size()},
                              {"one_shots", resumed.past->one_shots.size()},
                              {"paused", resumed.past->paused.size()}});
  }

  void operator()(const ledger::PauseChanged& pause) const {
    LogFields fields{{"job", pause.job}, {"by", pause.by}};
    if (!pause.reason.empty()) fields.emplace_back("reason", pause.reason);
    log.info(pause.paused ? "job paused" : "job resumed", fields);
  }

  void operator()(const ledger::OneShotAdded& one_shot) const {
    log.info("one-shot taken on", {{"job", one_shot.name}, {"due", local_time(one_shot.due)}, {"by", one_shot.by}});
  }

  void operator()(const ledger::ClockJumped& jump) const {
    const bool slept = jump.what == ledger::ClockJumped::What::suspend;
    log.warning(slept ? "the machine was suspended" : "the wall clock was set",
                {{slept ? "seconds" : "step_seconds", in_seconds(jump.step)}});
  }

  void operator()(const ledger::BreakerChanged& breaker) const {
    LogFields fields{{"job", breaker.job}, {"reason", breaker.why}};
    if (breaker.until) fields.emplace_back("until", local_time(*breaker.until));
    log.warning(breaker.open ? "circuit breaker opened" : "circuit breaker changed", fields);
  }

  void operator()(const engine::SlaBreached& breach) const {
    LogFields fields{{"job", breach.job}, {"check", to_string(breach.check)}, {"reason", describe(breach)}};
    fields.emplace_back("limit_seconds", in_seconds(breach.limit));
    fields.emplace_back("value_seconds", in_seconds(breach.value));
    if (breach.run) fields.emplace_back("run", *breach.run);
    log.warning("sla breached", fields);
  }

  void operator()(const engine::SlaMet& met) const {
    log.info("sla met again",
             {{"job", met.job}, {"check", to_string(met.check)}, {"breached_since", local_time(met.since)}});
  }

  void operator()(const engine::RunAdopted& adopted) const {
    log.info("a run of an earlier belfryd goes on under this one",
             {{"job", adopted.started.job},
              {"run", adopted.started.run},
              {"attempt", adopted.attempt},
              {"started_at", local_time(adopted.started.started_at)}});
  }

  void operator()(const engine::GaveUp& gave_up) const {
    log.error("the retries are used up", {{"job", gave_up.job}, {"run", gave_up.run}, {"attempts", gave_up.attempts}});
  }

  void operator()(const engine::ApprovalAsked& asked) const {
    LogFields fields{{"job", asked.job}, {"run", asked.run}, {"step", asked.question.step}};
    fields.emplace_back("question", asked.question.message);  // "message" is the line itself
    if (asked.question.until) fields.emplace_back("until", local_time(*asked.question.until));
    log.info("a step waits for an approval", fields);
  }

  void operator()(const engine::ApprovalSettled& settled) const {
    LogFields fields{{"job", settled.job}, {"run", settled.run}, {"step", settled.step}};
    if (!settled.answer) return log.info("a step waits for an approval no more", fields);
    fields.emplace_back("by", settled.answer->by);
    fields.emplace_back("uid", settled.answer->uid);
    if (!settled.answer->comment.empty()) fields.emplace_back("comment", settled.answer->comment);
    log.info(settled.answer->approved ? "step approved" : "step rejected", fields);
  }

  void operator()(const engine::PreconditionFailed& failed) const {
    log.info("the precondition does not hold", {{"job", failed.job}, {"run", failed.run}, {"reason", failed.why}});
  }

  void operator()(const engine::SlotUnaccounted& slot) const {
    log.error("a slot was lost sight of; please report this as a bug of belfry",
              {{"job", slot.job}, {"scheduled_at", local_time(slot.scheduled_at)}, {"slots", slot.count}});
  }

  void operator()(const engine::Draining&) const { log.info("intake stopped, waiting for the runs under way"); }

  template <class Other>
  void operator()(const Other&) const {}

 private:
  static LogFields slot_fields(const ledger::SlotClosed& slot) {
    LogFields fields{
        {"job", slot.job}, {"reason", to_string(slot.reason)}, {"scheduled_at", local_time(slot.scheduled_at)}};
    if (slot.count > 1) {
      fields.emplace_back("slots", slot.count);
      fields.emplace_back("last_scheduled_at", local_time(slot.last_scheduled_at));
    }
    if (slot.run) fields.emplace_back("run", *slot.run);
    return fields;
  }
};

LogObserver::LogObserver(Log& log) : log_(log), limit_(kWindow) {}

void LogObserver::subscribe(engine::EventStream& events) {
  events.subscribe([this](const engine::Event& event) { observe(event); });
}

void LogObserver::observe(const engine::Event& event) {
  std::visit(Listener{log_, limit_}, event);
  if (const auto* const slot = std::get_if<ledger::SlotClosed>(&event)) tell_rest(slot->closed_at);
  if (const auto* const run = std::get_if<ledger::RunEnded>(&event)) tell_rest(run->ended_at);
}

void LogObserver::tell_rest(engine::WallTime now) {
  const bool clock_was_set_back = now + 2 * kWindow < next_rest_;
  if (now < next_rest_ && !clock_was_set_back) return;
  next_rest_ = now + kWindow;
  for (const auto& [key, count] : limit_.take_rest(now)) {
    const auto [job, result, reason] = parts_of(key);
    log_.warning("more slots like those before",
                 {{"job", job}, {"result", result}, {"reason", reason}, {"more", count}});
  }
}

}  // namespace belfry::observe
