// What a ledger should say after some entries: the same facts kept the plainest way, in memory.
//
// It is the specification of the interface in executable form: what is refused, what stands, what is counted. Texts are
// compared, so that a difference can be read.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"

namespace belfry::ledger::test {

class LedgerModel {
 public:
  void write(const Entry& entry);

  /// How many entries contradicted the record.
  std::uint64_t refused() const noexcept { return refused_; }
  std::size_t entries() const noexcept { return entries_; }

  // What the store should answer, as describe() puts it into words.
  std::string resume() const;
  std::string runs() const;  ///< newest first
  std::string slots() const;
  std::string attempts(RunId run) const;
  std::string slot_at(const std::string& job, WallTime instant) const;
  std::string happenings(const HappeningQuery& query) const;
  std::string durations(const std::string& job, std::size_t limit) const;

  const std::vector<RunId>& run_ids() const noexcept { return run_ids_; }

 private:
  struct Job {
    std::map<WallTime, SlotClosed> slots;
    std::set<WallTime> claims;
    std::map<std::pair<Outcome, RunTrigger>, std::uint64_t> run_totals;
    std::map<std::pair<SlotResult, SlotReason>, std::uint64_t> slot_totals;
    JobTotals totals;
    bool over = false;  // a one-shot that was removed
  };
  struct Run {
    RunRow row;
    std::uint64_t generation = 0;
    std::map<int, AttemptEnded> attempts;
    bool known = false;  // its start or its end is on record
  };

  void add(const SlotClaimed& slot);
  void add(const SlotClosed& slot);
  void add(const RunStarted& run);
  void add(const AttemptEnded& attempt);
  void add(const RunEnded& run);
  void add(const PauseChanged& pause);
  void add(const BreakerChanged& breaker);
  void add(const JobDeclared& job);
  void add(const OneShotAdded& shot);
  void add(const OneShotRemoved& shot);
  void add(const auto& happening) { happenings_.push_back(happening); }

  const SlotClosed* last_slot_upto(const Job& job, WallTime instant) const;
  JobTotals totals(const std::string& name, const Job& job) const;

  std::map<std::string, Job> jobs_;
  std::map<RunId, Run> runs_;
  std::vector<RunId> run_ids_;
  std::map<std::string, PauseChanged> paused_;
  std::map<std::string, BreakerChanged> breakers_;
  std::map<std::string, JobDeclared> declared_;
  std::vector<OneShotAdded> one_shots_;
  std::vector<Entry> happenings_;  // in the order of writing, which is that of time
  RunId last_run_ = 0;
  std::uint64_t refused_ = 0;
  std::size_t entries_ = 0;
};

// Answers of a store in words, one line for each fact.
std::string describe(const Resume& resume);
std::string describe(const std::vector<RunRow>& runs);
std::string describe(const std::vector<SlotClosed>& slots);
std::string describe(const std::vector<AttemptEnded>& attempts);
std::string describe(const SlotsAround& slots);
std::string describe(const std::vector<Entry>& happenings);
std::string describe(const std::vector<RunSpan>& spans);

}  // namespace belfry::ledger::test
