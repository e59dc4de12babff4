// Entries at random, as an engine might write them in a bad week: runs that never end, repeated facts, restarts.
#pragma once

#include <random>
#include <string>

#include "ledger/entry.hpp"
#include "ledger/ledger_fixture.hpp"

namespace belfry::ledger::test {

/// Same seed, same entries. Time goes on by a second with each.
class RandomEntries {
 public:
  explicit RandomEntries(unsigned seed) : random_(seed) {}

  Entry next() {
    ++second_;
    switch (pick(14)) {
      case 0:
        return SlotClaimed{
            .job = job(), .scheduled_at = now() + seconds(1 + pick(3)), .at = now(), .withdrawn = pick(5) == 0};
      case 1:
        return skipped();
      case 2:
        return repeated();
      case 3:
        return pause();
      case 4:
        return breaker();
      case 5:
        return happening();
      case 6:
        return one_shot();
      case 7:
        return JobDeclared{.job = job(), .fingerprint = pick(4) == 0 ? "" : word(), .at = now()};
      case 8:
        return attempt();
      case 9:
      case 10:
        return run_ended();
      case 11:
        return started_slot(job(), seconds(second_), 1 + pick(run_ + 1));
      default:
        return run_started();
    }
  }

  WallTime instant() { return at(seconds(pick(second_ + 5))); }
  std::string job() { return "job-" + std::to_string(pick(4)); }
  int pick(int below) { return std::uniform_int_distribution{0, below - 1}(random_); }

 private:
  static std::string job_of(RunId run) { return "job-" + std::to_string(run % 4); }
  static Duration seconds(int count) { return std::chrono::seconds{count}; }
  WallTime now() const { return at(seconds(second_)); }
  std::string word() { return "word " + std::to_string(pick(1000)) + (pick(5) == 0 ? "\xc3\xbc\n" : ""); }
  Outcome outcome() { return static_cast<Outcome>(pick(7)); }

  SlotClosed skipped() {
    SlotClosed slot = started_slot(job(), seconds(second_), 0);
    slot.run.reset();
    slot.result = static_cast<SlotResult>(1 + pick(3));
    slot.reason = static_cast<SlotReason>(1 + pick(18));
    slot.count = static_cast<std::uint64_t>(1 + pick(9));
    slot.last_scheduled_at += std::chrono::milliseconds{pick(900)};  // before the next entry's instant
    return slot;
  }

  // A fact that is on record, or could be: the first one stands.
  Entry repeated() {
    const Duration due = seconds(1 + pick(second_));
    const RunId run = 1 + pick(run_ + 1);
    switch (pick(4)) {
      case 0:
        return started_slot(job(), due, run);
      case 1:
        return run_start(job_of(run), due, run);
      case 2:
        return attempt_end(job_of(run), due, run, 1 + pick(3), outcome());
      default:
        return SlotClaimed{.job = job(), .scheduled_at = at(due), .at = now()};
    }
  }

  RunStarted run_started() {
    ++run_;
    RunStarted run = run_start(job_of(run_), seconds(second_), run_);
    run.trigger = static_cast<RunTrigger>(pick(5));
    run.generation = static_cast<std::uint64_t>(pick(5));
    if (pick(3) == 0) run.scheduled_at.reset();
    if (pick(3) == 0 && run_ > 1) run.caused_by = 1 + pick(run_ - 1);
    return run;
  }

  AttemptEnded attempt() {
    const RunId run = 1 + pick(run_ + 1);
    AttemptEnded end = attempt_end(job_of(run), seconds(second_), run, 1 + pick(3), outcome());
    end.message = word();
    if (pick(2) == 0) end.standard_output = {.head = word(), .tail = "", .total_bytes = 9, .dropped_bytes = 0};
    if (pick(4) == 0)
      end.standard_error = {.head = std::string("\0\xff", 2), .tail = "", .total_bytes = 2, .dropped_bytes = 0};
    return end;
  }

  // Mostly of a run that was started; now and then the start was lost.
  RunEnded run_ended() {
    const RunId run = pick(20) == 0 ? ++run_ : 1 + pick(run_ + 1);
    run_ = std::max(run_, static_cast<int>(run));
    RunEnded end = run_end(job_of(run), seconds(second_), run, outcome(), 1 + pick(3));
    end.trigger = static_cast<RunTrigger>(pick(5));
    end.message = word();
    if (pick(4) == 0) end.signal = 9;
    return end;
  }

  PauseChanged pause() {
    PauseChanged pause{.job = job(), .paused = pick(2) == 0, .reason = word(), .by = "ann", .at = now()};
    if (pause.paused && pick(2) == 0) pause.until = now() + seconds(pick(100));
    return pause;
  }

  BreakerChanged breaker() {
    BreakerChanged breaker{.job = job(), .open = pick(2) == 0, .at = now(), .why = word()};
    if (breaker.open) breaker.until = now() + seconds(60);
    return breaker;
  }

  Entry happening() {
    switch (pick(4)) {
      case 0:
        return ClockJumped{.at = now(),
                           .step = seconds(pick(200) - 100),
                           .what = pick(2) == 0 ? ClockJumped::What::set : ClockJumped::What::suspend};
      case 1:
        return ZonesChanged{.at = now(), .before = word(), .now = word()};
      case 2:
        return GenerationApplied{.generation = static_cast<std::uint64_t>(pick(9)),
                                 .at = now(),
                                 .fingerprint = word(),
                                 .jobs = 4,
                                 .added = 1,
                                 .changed = 2,
                                 .removed = 3};
      default:
        return DaemonMark{.what = pick(2) == 0 ? DaemonMark::What::started : DaemonMark::What::stopped, .at = now()};
    }
  }

  Entry one_shot() {
    const std::string name = "job-" + std::to_string(pick(6));
    if (pick(2) == 0) return OneShotRemoved{.name = name};
    return OneShotAdded{.name = name,
                        .due = now(),
                        .argv = {"echo", "", word()},
                        .working_dir = "/tmp",
                        .environment = {{"A", word()}, {"B", ""}},
                        .by = "ben",
                        .at = now()};
  }

  std::mt19937 random_;
  int second_ = 0;
  int run_ = 0;
};

}  // namespace belfry::ledger::test
