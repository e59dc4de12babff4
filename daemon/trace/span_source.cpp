#include "daemon/trace/span_source.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using ledger::Outcome;
using ledger::RunTrigger;
using time::Duration;
using time::WallTime;

/// There is no end of the names of one-shots, and whoever stores traces keeps a list of the names of spans.
constexpr const char* one_shot = "one-shot";

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

/// The first bytes, and no part of a character of UTF-8 at their end.
std::string shortened(const std::string& text) {
  if (text.size() <= SpanSource::longest_message) return text;
  std::size_t end = SpanSource::longest_message;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

/// When it should have begun: a run that is made up for has its own beginning, not that of the slot long ago.
WallTime due_of(RunTrigger trigger, std::optional<WallTime> scheduled_at, WallTime started_at, Duration waited) {
  const bool on_time =
      trigger == RunTrigger::schedule || trigger == RunTrigger::dependency || trigger == RunTrigger::watch;
  return std::min(started_at, on_time && scheduled_at ? *scheduled_at : started_at - waited);
}

/// Somebody wanted a cancelled run to end so: that is neither good nor an error.
Span::Status status_of(Outcome outcome) {
  if (outcome == Outcome::success) return Span::Status::ok;
  return outcome == Outcome::cancelled ? Span::Status::unset : Span::Status::error;
}

/// What a step, an attempt and a run tell of their end alike.
template <class Ended>
void note_end(Span& span, Outcome outcome, const Ended& ended) {
  span.status = status_of(outcome);
  span.attributes.emplace_back("belfry.outcome", std::string(ledger::to_string(outcome)));
  if (ended.exit_code) span.attributes.emplace_back("process.exit.code", std::int64_t{*ended.exit_code});
  if (ended.signal) span.attributes.emplace_back("belfry.signal", std::int64_t{*ended.signal});
  if (ended.message.empty()) return;
  if (span.status == Span::Status::error) {
    span.message = shortened(ended.message);
  } else {
    span.attributes.emplace_back("belfry.message", shortened(ended.message));
  }
}

Span wait_before(const ledger::RunStarted& run, WallTime due, const jobs::TraceIds& ids) {
  Span span{.trace = ids.trace(),
            .id = ids.wait_span(),
            .parent = ids.run_span(),
            .name = "wait",
            .start = due,
            .end = run.started_at};
  const ledger::StartWaits& waits = run.waits;
  const Duration rest = run.started_at - due - waits.sum();
  span.attributes = {{"belfry.wait.queue", seconds(waits.queue)},
                     {"belfry.wait.precondition", seconds(waits.precondition)},
                     {"belfry.wait.ledger", seconds(waits.ledger)},
                     {"belfry.wait.loop", seconds(std::max(rest, Duration::zero()))}};
  return span;
}

}  // namespace

std::vector<Span> SpanSource::on(const engine::Event& event) {
  return std::visit([this](const auto& happened) { return on_event(happened); }, event);
}

SpanSource::Spans SpanSource::on_event(const engine::CatalogApplied& applied) {
  catalog_ = applied.catalog;
  return {};
}

SpanSource::Spans SpanSource::on_event(const ledger::RunStarted& run) {
  under_way_.insert_or_assign(run.run, run);
  return {};
}

SpanSource::Spans SpanSource::on_event(const engine::RunAdopted& adopted) { return on_event(adopted.started); }

SpanSource::Spans SpanSource::on_event(const ledger::StepEnded& step) {
  if (!step.outcome) return {};  // it was skipped, and took no time
  const jobs::TraceIds ids(ledger_id_, step.run);
  Span span{.trace = ids.trace(),
            .id = ids.step_span(jobs::step_part(step.attempt, step.step, step.item, step.number)),
            .parent = ids.attempt_span(step.attempt),
            .name = "step " + step.step,
            .start = step.started_at,
            .end = std::max(step.started_at, step.ended_at)};
  span.attributes = {{"belfry.job", step.job},
                     {"belfry.run", step.run},
                     {"belfry.attempt", std::int64_t{step.attempt}},
                     {"belfry.step", step.step},
                     {"belfry.try", std::int64_t{step.number}}};
  if (step.item > 0) {
    span.attributes.emplace_back("belfry.item", std::int64_t{step.item});
    span.attributes.emplace_back("belfry.label", shortened(step.label));
  }
  note_end(span, *step.outcome, step);
  Spans spans;
  spans.push_back(std::move(span));
  return spans;
}

SpanSource::Spans SpanSource::on_event(const ledger::AttemptEnded& attempt) {
  const jobs::TraceIds ids(ledger_id_, attempt.run);
  Span span{.trace = ids.trace(),
            .id = ids.attempt_span(attempt.attempt),
            .parent = ids.run_span(),
            .name = "attempt",
            .start = attempt.started_at,
            .end = std::max(attempt.started_at, attempt.ended_at)};
  span.attributes = {{"belfry.job", attempt.job},
                     {"belfry.run", attempt.run},
                     {"belfry.attempt", std::int64_t{attempt.attempt}},
                     {"belfry.cpu.user", seconds(attempt.usage.user_cpu)},
                     {"belfry.cpu.system", seconds(attempt.usage.system_cpu)},
                     {"belfry.max_rss", attempt.usage.max_rss_bytes}};
  note_end(span, attempt.outcome, attempt);
  Spans spans;
  spans.push_back(std::move(span));
  if (attempt.launch) spans.push_back(launch_of(attempt, *attempt.launch, ids));
  return spans;
}

/// Its length counts from the start of the run, which is a moment before that of its first attempt.
Span SpanSource::launch_of(const ledger::AttemptEnded& attempt, Duration launch, const jobs::TraceIds& ids) const {
  const auto run = under_way_.find(attempt.run);
  const WallTime counted_from = run == under_way_.end() ? attempt.started_at : run->second.started_at;
  const WallTime end = std::max(attempt.started_at, attempt.ended_at);
  return {.trace = ids.trace(),
          .id = ids.launch_span(),
          .parent = ids.attempt_span(attempt.attempt),
          .name = "launch",
          .start = attempt.started_at,
          .end = std::clamp(counted_from + launch, attempt.started_at, end)};
}

SpanSource::Spans SpanSource::on_event(const ledger::RunEnded& run) {
  const jobs::TraceIds ids(ledger_id_, run.run);
  const auto remembered = under_way_.extract(run.run);
  const ledger::RunStarted* const started = remembered ? &remembered.mapped() : nullptr;
  const Duration waited = started != nullptr ? started->waits.sum() : Duration::zero();
  const WallTime due = due_of(run.trigger, run.scheduled_at, run.started_at, waited);
  Span span{.trace = ids.trace(),
            .id = ids.run_span(),
            .parent = {},
            .name = name_of(run.job),
            .start = due,
            .end = std::max(run.started_at, run.ended_at)};
  span.attributes = {{"belfry.job", run.job},
                     {"belfry.run", run.run},
                     {"belfry.trigger", std::string(ledger::to_string(run.trigger))},
                     {"belfry.attempts", std::int64_t{run.attempts}}};
  if (run.scheduled_at) {
    span.attributes.emplace_back("belfry.scheduled_at", time::format_utc(*run.scheduled_at));
    span.attributes.emplace_back("belfry.start_delay", seconds(run.started_at - *run.scheduled_at));
  }
  if (started != nullptr && started->caused_by) {
    const jobs::TraceIds cause(ledger_id_, *started->caused_by);
    span.attributes.emplace_back("belfry.caused_by", *started->caused_by);
    span.link = Span::Link{.trace = cause.trace(), .id = cause.run_span()};
  }
  note_end(span, run.outcome, run);
  Spans spans;
  spans.push_back(std::move(span));
  if (started != nullptr && due < run.started_at) spans.push_back(wait_before(*started, due, ids));
  return spans;
}

std::string SpanSource::name_of(const std::string& job) const {
  return catalog_ == nullptr || catalog_->jobs.contains(job) ? job : one_shot;
}

}  // namespace belfry::daemon
