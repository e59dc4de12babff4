#include "daemon/why/why_reason.hpp"

#include <algorithm>
#include <chrono>

#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using ledger::DaemonMark;
using ledger::SlotReason;

std::string span_text(time::Duration span) {
  const auto length = std::chrono::abs(span);
  if (length >= std::chrono::seconds{10}) {
    return time::format_duration(std::chrono::duration_cast<std::chrono::seconds>(length));
  }
  return time::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(length));
}

const engine::Job* job_of(const WhyFacts& facts) { return facts.question.declared.get(); }

std::string group_of(const WhyFacts& facts) {
  const engine::Job* const job = job_of(facts);
  return job != nullptr && job->group ? "its group \"" + job->group->name + "\"" : "its group";
}

std::string overlap_text(const WhyFacts& facts) {
  std::string text = facts.under_way.empty() ? "a run of it was still under way"
                                             : run_text(facts.under_way.front(), facts.zone) + ", was still under way";
  if (facts.under_way.size() > 1) text += " beside " + std::to_string(facts.under_way.size() - 1) + " more";
  const engine::Job* const job = job_of(facts);
  if (job == nullptr) return text;
  if (job->overlap == engine::Overlap::queue) {
    return text + ", and as many slots waited as queue_limit (" + std::to_string(job->queue_limit) + ") allows";
  }
  return text + ", and concurrency_policy is " + std::string(to_string(job->overlap));
}

std::string dependency_text(const WhyFacts& facts) {
  const engine::Job* const job = job_of(facts);
  std::string text;
  if (job != nullptr) {
    for (const engine::Dependency& other : job->depends_on) {
      text += (text.empty() ? "" : ", ") + other.job + " (" + std::string(to_string(other.on)) + ")";
    }
  }
  return "a job that it depends on had not ended as it must" + (text.empty() ? "" : ": " + text);
}

std::string deadline_text(const WhyFacts& facts) {
  const engine::Job* const job = job_of(facts);
  std::string text = "it could not be started within its starting_deadline";
  if (job != nullptr && job->starting_deadline) text += " of " + time::format_duration(*job->starting_deadline);
  if (!facts.under_way.empty()) text += "; " + run_text(facts.under_way.front(), facts.zone) + ", was under way";
  return text;
}

std::string catchup_text(const WhyFacts& facts) {
  const engine::Job* const job = job_of(facts);
  const std::string limit = job != nullptr ? " (" + std::to_string(job->catchup_limit) + ")" : "";
  return "more slots had been missed than catchup_limit" + limit + " lets run";
}

}  // namespace

bool InForce::stopped() const noexcept { return mark && mark->what == DaemonMark::What::stopped; }

bool InForce::died() const noexcept {
  return mark && mark->what == DaemonMark::What::started && next_mark && next_mark->what == DaemonMark::What::started;
}

namespace {

/// Sorts what happened into what was in force at the instant and what came first after it.
class Sorter {
 public:
  Sorter(WallTime at, InForce& result) : at_(at), result_(result) {}

  void operator()(const ledger::DaemonMark& mark) { put(mark, result_.mark, result_.next_mark); }
  void operator()(const ledger::GenerationApplied& fact) { put(fact, result_.generation, result_.next_generation); }
  void operator()(const ledger::PauseChanged& pause) {
    if (pause.at > at_) return;
    const bool over = pause.until && *pause.until <= at_;
    result_.pause = pause.paused && !over ? std::optional(pause) : std::nullopt;
  }
  void operator()(const ledger::BreakerChanged& breaker) {
    if (breaker.at > at_) return;
    result_.breaker = breaker.open ? std::optional(breaker) : std::nullopt;
  }
  void operator()(const ledger::ClockJumped& jump) {
    const WallTime before = jump.at - jump.step;
    if (at_ >= std::min(before, jump.at) && at_ <= std::max(before, jump.at)) result_.jump = jump;
  }
  void operator()(const ledger::ZonesChanged& zones) {
    if (zones.at > at_ && !result_.zones) result_.zones = zones;
  }
  void operator()(const auto& /*other*/) {}

 private:
  template <class Fact>
  void put(const Fact& fact, std::optional<Fact>& last, std::optional<Fact>& next) {
    if (fact.at <= at_) {
      last = fact;
    } else if (!next) {
      next = fact;
    }
  }

  WallTime at_;
  InForce& result_;
};

}  // namespace

InForce in_force(const WhyFacts& facts) {
  InForce result;
  Sorter sorter(facts.at, result);  // NOLINT(misc-const-correctness): visit() calls it, and then it writes
  for (const ledger::Entry& entry : facts.happenings) std::visit(sorter, entry);
  return result;
}

std::string clock_text(WallTime at, const time::Zone& zone) {
  const std::string text = time::format_time(at, zone);  // "2026-11-27 02:30:00 +01:00"
  std::string local = text.substr(0, text.rfind(' '));
  if (local.ends_with(":00")) local.resize(local.size() - 3);
  return local + " " + zone.at(at).abbreviation;
}

std::string run_text(const ledger::RunRow& run, const time::Zone& zone) {
  const auto to_second = [&zone](WallTime at) {
    return clock_text(std::chrono::floor<std::chrono::seconds>(at), zone);
  };
  const std::string text = "run " + std::to_string(run.run) + ", which started at " + to_second(run.started_at);
  if (!run.ended_at) return text + " and goes on";
  return text + " and ended in " + (run.outcome ? std::string(to_string(*run.outcome)) : "an unknown way") + " at " +
         to_second(*run.ended_at);
}

std::string daemon_text(const InForce& then, const time::Zone& zone) {
  if (!then.mark) return "the record does not tell whether belfryd was running";
  const std::string since = clock_text(std::chrono::floor<std::chrono::seconds>(then.mark->at), zone);
  const std::string until =
      then.next_mark ? clock_text(std::chrono::floor<std::chrono::seconds>(then.next_mark->at), zone) : "";
  if (then.stopped()) {
    return "belfryd was down: it had stopped at " + since + (until.empty() ? "" : " and was started again at " + until);
  }
  if (then.died()) {
    return "belfryd, started at " + since + ", ended without a word, and was started again at " + until;
  }
  return "belfryd was running since " + since + (until.empty() ? "" : ", until " + until);
}

std::string generation_text(const InForce& then, std::uint64_t generation_now, const time::Zone& zone) {
  if (!then.generation) return "the record does not tell which configuration was in force";
  const auto since = clock_text(std::chrono::floor<std::chrono::seconds>(then.generation->at), zone);
  std::string text = "generation " + std::to_string(then.generation->generation) + " was in force since " + since;
  if (!then.next_generation) return text;
  const auto until = clock_text(std::chrono::floor<std::chrono::seconds>(then.next_generation->at), zone);
  const bool same = then.generation->fingerprint == then.next_generation->fingerprint;
  return text + ", until " + until + (same ? " (the next one had the same text)" : "") + "; now it is generation " +
         std::to_string(generation_now);
}

std::string jump_text(const ledger::ClockJumped& jump, const time::Zone& zone) {
  const std::string until = clock_text(std::chrono::floor<std::chrono::seconds>(jump.at), zone);
  if (jump.what == ledger::ClockJumped::What::suspend) {
    return "the machine slept for " + span_text(jump.step) + ", until " + until;
  }
  return std::string("the clock was set ") + (jump.step > time::Duration::zero() ? "forward" : "back") + " by " +
         span_text(jump.step) + ", to " + until;
}

std::string pause_text(const ledger::PauseChanged& pause, const time::Zone& zone) {
  std::string text = "it was paused by " + (pause.by.empty() ? "somebody" : pause.by) + " since " +
                     clock_text(std::chrono::floor<std::chrono::seconds>(pause.at), zone);
  if (pause.until) text += " until " + clock_text(std::chrono::floor<std::chrono::seconds>(*pause.until), zone);
  return text + (pause.reason.empty() ? "" : " (" + pause.reason + ")");
}

std::string reason_text(SlotReason reason, const WhyFacts& facts, const InForce& then) {
  switch (reason) {
    case SlotReason::none:
      break;
    case SlotReason::overlap:
      return overlap_text(facts);
    case SlotReason::paused:
      return then.pause ? pause_text(*then.pause, facts.zone) : "it was paused";
    case SlotReason::deadline:
      return deadline_text(facts);
    case SlotReason::shutdown:
      return "belfryd was shutting down";
    case SlotReason::cancelled:
      return "it was taken out by hand while it waited";
    case SlotReason::reloaded:
      return "its job was taken out of the configuration while it waited";
    case SlotReason::holiday:
      return "that day is off in the calendars of its key holidays";
    case SlotReason::group:
      return group_of(facts) + " was full";
    case SlotReason::rate:
      return group_of(facts) + " had started as many runs as its rate allows";
    case SlotReason::breaker:
      return "its circuit breaker was open" + (then.breaker ? ": " + then.breaker->why : "");
    case SlotReason::precondition:
      return "its precondition did not hold";
    case SlotReason::dependency:
      return dependency_text(facts);
    case SlotReason::last_failed:
      return "the run before it had not succeeded, and only_if_last_succeeded is set";
    case SlotReason::replaced:
      return "a newer slot took its place while it waited";
    case SlotReason::down:
      return then.mark && (then.stopped() || then.died()) ? daemon_text(then, facts.zone) : "belfryd was not running";
    case SlotReason::suspend:
      return then.jump ? jump_text(*then.jump, facts.zone) : "the machine slept";
    case SlotReason::clock_jump:
      return then.jump ? jump_text(*then.jump, facts.zone) : "the clock was set past it";
    case SlotReason::overload:
      return "belfryd came to it too late: its loop was busy, or the machine was";
    case SlotReason::catchup_limit:
      return catchup_text(facts);
    case SlotReason::in_doubt:
      return "it may have started just before the power failed, and must not start twice (guarantee: at_most_once)";
  }
  return "no reason is on record";
}

std::string delay_text(const WhyFacts& facts, const InForce& then) {
  using ledger::RunTrigger;
  const ledger::RunRow& run = *facts.run;
  if (run.trigger == RunTrigger::recovery) return "the run before it for this slot was lost (guarantee: at_least_once)";
  if (then.stopped() || then.died()) return daemon_text(then, facts.zone);
  if (then.jump) return jump_text(*then.jump, facts.zone);
  if (run.trigger == RunTrigger::catchup) return "it was made up for, after it had been missed";
  for (const ledger::RunRow& other : facts.under_way) {
    if (other.ended_at && *other.ended_at <= run.started_at) {
      return "it waited for " + run_text(other, facts.zone);
    }
  }
  const engine::Job* const job = job_of(facts);
  if (job != nullptr && job->group) return "it waited for its place in the group \"" + job->group->name + "\"";
  if (job != nullptr && !job->depends_on.empty()) return "it waited for the jobs that it depends on";
  return "";
}

std::string waiting_text(engine::WaitsFor what, const WhyFacts& facts) {
  switch (what) {
    case engine::WaitsFor::turn:
      break;
    case engine::WaitsFor::group:
      return "its place in " + group_of(facts);
    case engine::WaitsFor::budget:
      return "the catch-up budget (`belfry catchup plan` shows the order)";
    case engine::WaitsFor::precondition:
      return "its precondition, which is being looked at";
  }
  return facts.under_way.empty() ? "its turn" : "the end of " + run_text(facts.under_way.front(), facts.zone);
}

std::string_view link_of(SlotReason reason) noexcept {
  switch (reason) {
    case SlotReason::overlap:
    case SlotReason::replaced:
      return "overlap";
    case SlotReason::paused:
      return "pause";
    case SlotReason::deadline:
      return "deadline";
    case SlotReason::shutdown:
    case SlotReason::down:
    case SlotReason::overload:
    case SlotReason::in_doubt:
      return "daemon";
    case SlotReason::reloaded:
      return "configuration";
    case SlotReason::holiday:
      return "calendar";
    case SlotReason::group:
      return "group";
    case SlotReason::rate:
      return "rate";
    case SlotReason::breaker:
      return "breaker";
    case SlotReason::precondition:
      return "precondition";
    case SlotReason::dependency:
    case SlotReason::last_failed:
      return "dependency";
    case SlotReason::suspend:
    case SlotReason::clock_jump:
      return "clock";
    case SlotReason::catchup_limit:
      return "catch-up";
    case SlotReason::none:
    case SlotReason::cancelled:
      break;
  }
  return "record";
}

}  // namespace belfry::daemon
