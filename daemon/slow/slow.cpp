#include "daemon/slow/slow.hpp"

#include <algorithm>
#include <utility>

#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using observe::SlowStep;
using observe::StartPhase;

constexpr std::size_t runs_looked_at = 1'000;
constexpr std::size_t most_steps = 5;

/// To the millisecond: more digits are noise.
std::string text_of(Duration span) {
  return time::format_duration(std::chrono::round<std::chrono::milliseconds>(span));
}

std::string text_of(WallTime at, const time::Zone& zone) {
  return time::format_time(std::chrono::floor<std::chrono::milliseconds>(at), zone);
}

Duration overlap(const SlowStep& step, WallTime from, WallTime to) {
  return std::min(step.ended, to) - std::max(step.began, from);
}

Duration lateness(const ledger::RunRow& run) {
  return std::max(run.started_at - *run.scheduled_at, Duration{0}) + run.launch.value_or(Duration{0});
}

std::vector<StartPhaseTime> phases_of(const ledger::RunRow& run) {
  if (!run.waits) return {};
  const Duration admission = run.started_at - *run.scheduled_at - run.waits->sum();
  std::vector<StartPhaseTime> phases{{.phase = StartPhase::admission, .took = std::max(admission, Duration{0})},
                                     {.phase = StartPhase::ledger, .took = run.waits->ledger},
                                     {.phase = StartPhase::queue, .took = run.waits->queue},
                                     {.phase = StartPhase::precondition, .took = run.waits->precondition}};
  if (run.launch) phases.push_back({.phase = StartPhase::launch, .took = *run.launch});
  return phases;
}

/// What was seen of the loop while it should have looked at the slot, or launched its process.
std::string loop_text(const LateStart& start, const LoopPast& loop) {
  if (!start.held.empty()) {
    const SlowStep& longest = start.held.front();
    std::string text = "the loop was held for " + text_of(longest.ended - longest.began) + " by the task \"" +
                       longest.task + "\", from " + longest.place;
    if (start.held.size() > 1) text += ", and by " + std::to_string(start.held.size() - 1) + " more";
    return text;
  }
  if (*start.run.scheduled_at < loop.known_since)
    return "what the loop did then is forgotten: belfryd was started since";
  return "no single step held the loop: many runs were due at once, or the machine was busy";
}

std::string reason_text(const LateStart& start, const LoopPast& loop) {
  switch (start.worst) {
    case StartPhase::admission:
      if (start.run.trigger == ledger::RunTrigger::catchup) {
        return "it was made up for, because nobody was there when it was due; `belfry why` says more";
      }
      return loop_text(start, loop);
    case StartPhase::queue:
      return "it waited for its turn, its group or the catch-up budget; `belfry why` says for whom";
    case StartPhase::precondition:
      return "its precondition took so long to answer";
    case StartPhase::ledger:
      return "its claim had to be durable first, and the disk took so long";
    case StartPhase::launch:
      return "its process took so long to be there; " + loop_text(start, loop);
  }
  return {};
}

std::string sentence_of(const LateStart& start, const LoopPast& loop, const time::Zone& zone) {
  const std::string text = "Run " + std::to_string(start.run.run) + ", due at " +
                           text_of(*start.run.scheduled_at, zone) + ", was " + text_of(start.late) + " late";
  if (start.phases.empty()) return text + "; it ran under an older belfryd, which did not note where the time went.";
  const auto worst = std::ranges::find(start.phases, start.worst, &StartPhaseTime::phase);
  return text + ", " + text_of(worst->took) + " of it in " + std::string(to_string(start.worst)) + ": " +
         reason_text(start, loop) + ".";
}

LateStart explain_start(ledger::RunRow run, const LoopPast& loop, const time::Zone& zone) {
  LateStart start{.run = std::move(run), .late = {}, .phases = {}, .held = {}, .sentence = {}};
  start.late = lateness(start.run);
  start.phases = phases_of(start.run);
  if (!start.phases.empty()) start.worst = std::ranges::max(start.phases, {}, &StartPhaseTime::took).phase;
  const WallTime from = *start.run.scheduled_at;
  const WallTime to = from + start.late;
  start.held = loop.steps(from, to);
  std::ranges::sort(start.held, std::ranges::greater{}, [&](const SlowStep& step) { return overlap(step, from, to); });
  if (start.held.size() > most_steps) start.held.resize(most_steps);
  start.sentence = sentence_of(start, loop, zone);
  return start;
}

std::string sentence_of(const Slow& slow, const SlowQuestion& question, Duration latest) {
  if (slow.looked_at == 0) return "No run of " + slow.job + " for a slot is on record.";
  const std::string among = "the last " + std::to_string(slow.looked_at) + " runs for a slot";
  if (slow.starts.empty()) {
    return "None of " + among + " was more than " + text_of(question.over) + " late; the latest by " + text_of(latest) +
           ".";
  }
  return "The latest of " + among + " was " + text_of(latest) + " late.";
}

}  // namespace

std::optional<Slow> explain(const SlowQuestion& question, ledger::LedgerReader& reader, const LoopPast& loop,
                            const time::Zone& zone) {
  Slow slow{.job = question.job, .starts = {}, .sentence = {}};
  if (question.run) {
    auto run = reader.run(*question.run);
    if (!run || run->job != question.job) return std::nullopt;
    if (!run->scheduled_at) {
      slow.sentence = "Run " + std::to_string(run->run) + " was started by hand: it was due at no time.";
      return slow;
    }
    slow.looked_at = 1;
    slow.starts.push_back(explain_start(*std::move(run), loop, zone));
    slow.sentence = slow.starts.front().sentence;
    return slow;
  }
  std::vector<ledger::RunRow> runs = reader.runs({.job = question.job, .limit = runs_looked_at});
  if (runs.empty()) return std::nullopt;
  Duration latest{};
  for (ledger::RunRow& run : runs) {
    if (!run.scheduled_at || run.trigger == ledger::RunTrigger::recovery) continue;
    ++slow.looked_at;
    const Duration late = lateness(run);
    latest = std::max(latest, late);
    if (late <= question.over || slow.starts.size() >= question.limit) continue;
    slow.starts.push_back(explain_start(std::move(run), loop, zone));
  }
  slow.sentence = sentence_of(slow, question, latest);
  return slow;
}

}  // namespace belfry::daemon
