#include "daemon/why/why_facts.hpp"

#include <algorithm>
#include <utility>

namespace belfry::daemon {
namespace {

/// Enough to find out who was in the way.
constexpr std::size_t most_runs = 20;

constexpr std::size_t most_happenings = 10'000;

constexpr time::Duration a_moment{1};

bool has_trigger(const WhyQuestion& question) {
  return question.declared && question.declared->enabled && question.declared->trigger;
}

/// The newest slot that should have met its end by now: by the schedule, or on record; of a job without either, the
/// start of its newest run.
std::optional<WallTime> most_recent(const WhyQuestion& question, ledger::LedgerReader& reader) {
  std::optional<WallTime> newest;
  if (has_trigger(question)) newest = question.declared->trigger->previous(question.now + a_moment);
  const auto declared = reader.declared(question.job);
  // What was due before the job was declared so was never owed.
  if (newest && declared && *newest < declared->at) newest.reset();
  for (const ledger::SlotClosed& slot : reader.slots({.job = question.job, .limit = 1})) {
    newest = std::max(newest.value_or(WallTime::min()), slot.last_scheduled_at);
  }
  if (newest) return newest;
  for (const ledger::RunRow& run : reader.runs({.job = question.job, .limit = 1})) return run.started_at;
  return std::nullopt;
}

void look_at_schedule(WhyFacts& facts) {
  if (!has_trigger(facts.question)) return;
  const time::Trigger& trigger = *facts.question.declared->trigger;
  facts.is_slot = trigger.next(facts.at - a_moment) == facts.at;
  facts.previous = trigger.previous(facts.at);
  facts.next = trigger.next(facts.at);
}

}  // namespace

std::optional<WhyFacts> gather(WhyQuestion question, ledger::LedgerReader& reader) {
  WhyFacts facts;
  const auto newest = most_recent(question, reader);
  if (!newest && !question.declared) return std::nullopt;
  facts.at = question.at ? *question.at : newest.value_or(question.now);
  facts.never_due = !question.at && !newest;
  facts.question = std::move(question);
  const WhyQuestion& asked = facts.question;
  if (asked.declared) facts.zone = time::Zone::load(asked.declared->timezone).value_or(time::Zone());
  look_at_schedule(facts);
  facts.slots = reader.slot_at(asked.job, facts.at);
  if (const auto& slot = facts.slots.covering) {
    // One entry may close a span of slots; the instant need not be one of them.
    facts.is_slot = facts.is_slot || slot->count == 1 || !has_trigger(asked);
    if (slot->run) facts.run = reader.run(*slot->run);
  }
  facts.under_way = reader.runs({.job = asked.job, .under_way_at = facts.at, .limit = most_runs});
  std::erase_if(facts.under_way, [&](const ledger::RunRow& run) { return facts.run && run.run == facts.run->run; });
  facts.declaration = reader.declared(asked.job);
  facts.happenings = reader.happenings({.job = asked.job,
                                        .since = std::min(facts.at, asked.now),
                                        .until = std::max(facts.at, asked.now),
                                        .limit = most_happenings});
  return facts;
}

}  // namespace belfry::daemon
