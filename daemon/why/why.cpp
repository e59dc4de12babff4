#include "daemon/why/why.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/config/clock_change.hpp"
#include "daemon/why/why_reason.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using ledger::SlotResult;

/// Later than this is late.
constexpr time::Duration punctual = std::chrono::seconds{1};

/// A change of the clock so near is worth a word.
constexpr time::Duration near_change = std::chrono::hours{3};

class Explainer {
 public:
  explicit Explainer(const WhyFacts& facts)
      : facts_(facts), job_(facts.question.declared.get()), then_(in_force(facts)) {
    why_.job = facts.question.job;
    why_.timezone = facts.zone.name();
    why_.at = facts.at;
    why_.is_slot = facts.is_slot;
    why_.slot = facts.slots.covering;
    why_.run = facts.run;
    why_.previous = facts.previous;
    why_.next = facts.next;
  }

  Why explain() {
    add_schedule();
    add_clock_change();
    add_calendar();
    add_configuration();
    add("daemon", daemon_text(then_, facts_.zone));
    if (then_.jump) add("clock", jump_text(*then_.jump, facts_.zone));
    if (then_.pause) add("pause", pause_text(*then_.pause, facts_.zone));
    if (then_.breaker) add("breaker", "its circuit breaker was open: " + then_.breaker->why);
    add_under_way();
    add_record();
    conclude();
    return std::move(why_);
  }

 private:
  void add(std::string what, std::string text) {
    why_.chain.push_back({.what = std::move(what), .text = std::move(text)});
  }

  std::string shown(WallTime at) const { return clock_text(at, facts_.zone); }
  std::string to_second(WallTime at) const { return shown(std::chrono::floor<std::chrono::seconds>(at)); }

  void add_schedule() {
    if (job_ == nullptr) return add("schedule", "the job is not declared in the configuration in force now");
    if (!job_->enabled) return add("schedule", "the job is disabled (enabled: false), so it is never due");
    if (job_->watch) return add("schedule", "no time makes the job due: it is due " + engine::describe(*job_->watch));
    if (!job_->trigger) return add("schedule", "the job has no schedule: it runs by hand, or after other jobs");
    std::string text = job_->trigger->describe() + "; " + shown(facts_.at);
    if (facts_.is_slot) return add("schedule", text + " is a slot");
    text += " is no slot";
    if (facts_.previous) text += ", the one before it is " + shown(*facts_.previous);
    if (facts_.next) text += ", the one after it is " + shown(*facts_.next);
    add("schedule", text);
  }

  /// The nights when the clock is changed, which is what people wonder about.
  void add_clock_change() {
    auto change = facts_.zone.previous_transition(facts_.at + near_change);
    if (!change || change->at < facts_.at - near_change) return;
    const bool forward = change->offset_after > change->offset_before;
    const auto before = time::format_utc(WallTime(change->at + change->offset_before)).substr(11, 5);
    const auto after = time::format_utc(WallTime(change->at + change->offset_after)).substr(11, 5);
    std::string text = "that night the clock of " + facts_.zone.name() + " was set " + (forward ? "forward" : "back") +
                       " from " + before + " to " + after;
    if (!facts_.question.skipped_time.empty()) text += ": there was no " + facts_.question.skipped_time;
    if (const auto mark = mark_of(facts_.at, facts_.zone); !mark.empty()) {
      text += "; " + shown(facts_.at) + " is the " + (forward ? "time after the gap" : mark);
    }
    add("clock change", text + " (see dst_gap and dst_overlap)");
  }

  void add_calendar() {
    if (job_ == nullptr || !job_->days_off.days) return;
    add("calendar", job_->days_off.contains(facts_.at) ? "that day is off" : "that day is not off");
  }

  void add_configuration() {
    add("configuration", generation_text(then_, facts_.question.generation, facts_.zone));
    if (facts_.declaration && facts_.declaration->at > facts_.at) {
      add("configuration", "the job is declared as it is now since " + to_second(facts_.declaration->at) +
                               "; what it was before is not known");
    }
    if (then_.zones) {
      add("configuration",
          "since then, at " + to_second(then_.zones->at) + ", other rules of time zones came into force");
    }
  }

  void add_under_way() {
    for (const ledger::RunRow& run : facts_.under_way) {
      add("overlap", run_text(run, facts_.zone) + ", was under way");
    }
  }

  void add_record() {
    if (!why_.slot) {
      std::string text = "no entry of the ledger is about this instant";
      if (const auto& before = facts_.slots.before)
        text += ", the one before it is about " + shown(before->last_scheduled_at);
      if (const auto& after = facts_.slots.after) text += ", the one after it about " + shown(after->scheduled_at);
      return add("record", text);
    }
    const ledger::SlotClosed& slot = *why_.slot;
    std::string text = std::string(to_string(slot.result));
    if (slot.reason != ledger::SlotReason::none) text += "(" + std::string(to_string(slot.reason)) + ")";
    if (slot.run) text += ", run " + std::to_string(*slot.run);
    if (slot.count > 1) {
      text += "; one entry for " + std::to_string(slot.count) + " slots, from " + shown(slot.scheduled_at) + " to " +
              shown(slot.last_scheduled_at);
    }
    add("record", text + "; written at " + to_second(slot.closed_at));
  }

  void decide(std::string_view what) {
    const auto link = std::ranges::find(why_.chain, what, &WhyLink::what);
    if (link != why_.chain.end()) link->decides = true;
  }

  /// It waits, and the engine knows what for.
  bool conclude_waiting() {
    const auto& all = facts_.question.waiting;
    const auto run = std::ranges::find(all, std::optional(facts_.at), &engine::WaitingRun::scheduled_at);
    if (run == all.end()) return false;
    decide("overlap");
    why_.sentence = "It has not run yet: since " + to_second(run->since) + " it waits for " +
                    waiting_text(run->waits_for, facts_) + ".";
    return true;
  }

  void conclude() {
    if (!why_.slot && conclude_waiting()) return;
    if (why_.slot && (why_.is_slot || facts_.slots.covering->count == 1)) return conclude_from_record();
    if (facts_.at > facts_.question.now) return conclude_future();
    if (facts_.is_slot) return conclude_without_record();
    conclude_no_slot();
  }

  void conclude_from_record() {
    const ledger::SlotClosed& slot = *why_.slot;
    why_.ran = slot.result == SlotResult::started;
    if (*why_.ran) {
      decide("record");
      why_.sentence = started_text();
      return;
    }
    const std::string link(link_of(slot.reason));
    decide(std::ranges::find(why_.chain, link, &WhyLink::what) != why_.chain.end() ? link : "record");
    std::string did = "It did not run at " + shown(facts_.at);
    if (slot.result == SlotResult::coalesced) {
      did = "It did not run by itself at " + shown(facts_.at) + ", but was folded into run " +
            (slot.run ? std::to_string(*slot.run) : "of a later slot") + ",";
    }
    why_.sentence = did + " because " + reason_text(slot.reason, facts_, then_) + ".";
  }

  std::string started_text() {
    if (!facts_.run) {
      const std::string run = why_.slot->run ? std::to_string(*why_.slot->run) : "";
      return "It ran: run " + run + ", of which the ledger keeps no more (history.keep_runs, history.keep_for).";
    }
    const ledger::RunRow& run = *facts_.run;
    std::string text = run.ended_at ? "It ran" : "It runs";
    text += ": run " + std::to_string(run.run) + ", " +
            (run.outcome ? std::string(to_string(*run.outcome)) : std::string("under way"));
    const time::Duration delay = run.started_at - facts_.at;
    if (delay < punctual) return text + ", on time.";
    text += ", " + time::describe_duration(std::chrono::floor<std::chrono::seconds>(delay)) + " late";
    const std::string reason = delay_text(facts_, then_);
    return text + (reason.empty() ? "; why is not on record." : " because " + reason + ".");
  }

  void conclude_future() {
    decide("schedule");
    why_.sentence = shown(facts_.at) + " is to come: " + (facts_.is_slot ? "it is due then." : "it is not due then.");
  }

  void conclude_without_record() {
    const auto& status = facts_.question.status;
    if (facts_.declaration && facts_.declaration->at > facts_.at) {
      decide("configuration");
      why_.ran = false;
      why_.sentence = "It did not run at " + shown(facts_.at) + " because it is declared so only since " +
                      to_second(facts_.declaration->at) + "; a schedule does not fire for times that are past.";
    } else if (status && status->queued > 0) {
      decide("overlap");
      why_.sentence = "It has not run yet: it is waiting for its turn.";
    } else if (!facts_.slots.before && facts_.slots.after) {
      decide("record");
      why_.sentence =
          "Whether it ran at " + shown(facts_.at) +
          " is not known any more: the ledger keeps entries only so long (history.keep_slots, history.keep_for).";
    } else if (facts_.question.now - facts_.at < punctual) {
      why_.sentence = "It is being started just now; ask again.";
    } else if (then_.stopped()) {
      decide("daemon");
      why_.ran = false;
      why_.sentence = "It did not run at " + shown(facts_.at) + " because " + daemon_text(then_, facts_.zone) + ".";
    } else {
      decide("record");
      why_.sentence = "Nothing is on record about " + shown(facts_.at) +
                      ", although it was due: another configuration was in force then, or entries were lost; see "
                      "`belfry status` and the log of belfryd.";
    }
  }

  void conclude_no_slot() {
    if (facts_.never_due) {
      decide("schedule");
      why_.sentence = "It has not been due yet";
      if (facts_.declaration) why_.sentence += ", as it is declared since " + to_second(facts_.declaration->at);
      why_.sentence += facts_.next ? "; its next slot is " + shown(*facts_.next) + "." : ".";
      return;
    }
    decide(facts_.question.skipped_time.empty() ? "schedule" : "clock change");
    why_.ran = false;
    std::string text;
    if (!facts_.under_way.empty()) {
      why_.ran = true;
      text = "It was not due at " + shown(facts_.at) + ", but " + run_text(facts_.under_way.front(), facts_.zone) +
             ", was under way.";
    } else {
      text = "It did not run at " + shown(facts_.at) + " because it was not due then";
      if (facts_.previous) text += "; the slot before it was " + shown(*facts_.previous) + " (--at tells about it)";
      text += ".";
    }
    why_.sentence = std::move(text);
  }

  const WhyFacts& facts_;
  const engine::Job* job_;
  InForce then_;
  Why why_;
};

}  // namespace

Why explain(const WhyFacts& facts) { return Explainer(facts).explain(); }

}  // namespace belfry::daemon
