// The promises that are checked after a simulated life, from the outside: by what is on record and by what ran. See
// simulation_test.cpp.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/simulation_plan.hpp"
#include "time/instant.hpp"

namespace belfry::test {

/// Every instant that was due while a job was declared, by name.
inline std::map<std::string, std::vector<WallTime>> due_instants(const Plan& plan, WallTime end) {
  std::map<std::string, std::vector<WallTime>> due;
  for (const auto& [name, history] : plan.history) {
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (!history[i].trigger) continue;
      const WallTime until = i + 1 < history.size() ? history[i + 1].from : end;
      for (const WallTime slot : history[i].trigger->between(history[i].from, until)) due[name].push_back(slot);
    }
  }
  return due;
}

inline void check_slots(Plan& plan, const std::vector<ledger::SlotClosed>& slots, WallTime end) {
  std::map<std::string, std::map<WallTime, int>> entries;  // how many entries cover each due instant
  for (const auto& [name, due] : due_instants(plan, end)) {
    for (const WallTime slot : due) entries[name][slot] = 0;
  }
  for (const ledger::SlotClosed& slot : slots) {
    auto& of_job = entries[slot.job];
    std::uint64_t covered = 0;
    for (auto at = of_job.lower_bound(slot.scheduled_at); at != of_job.end() && at->first <= slot.last_scheduled_at;
         ++at) {
      ++at->second;
      ++covered;
    }
    INFO(slot.job << " " << time::format_utc(slot.scheduled_at) << " to " << time::format_utc(slot.last_scheduled_at));
    CHECK(covered == slot.count);
  }
  for (const auto& [name, of_job] : entries) {
    for (const auto& [slot, count] : of_job) {
      INFO(name << " " << time::format_utc(slot));
      CHECK(count == 1);
    }
  }
}

/// By what ran: no attempt was started twice, and no at_most_once slot; forbid never overlapped.
inline void check_programs(const Plan& plan) {
  std::map<std::pair<ledger::RunId, int>, int> attempts;
  std::map<std::pair<std::string, WallTime>, std::set<ledger::RunId>> runs;
  for (const auto& [pid, program] : plan.machine.world.programs) {
    ++attempts[{program.run, program.attempt}];
    if (program.scheduled_at && program.guarantee == engine::Guarantee::at_most_once) {
      runs[{program.job, *program.scheduled_at}].insert(program.run);
    }
  }
  for (const auto& [attempt, count] : attempts) {
    INFO("run " << attempt.first << " attempt " << attempt.second);
    CHECK(count == 1);
  }
  for (const auto& [slot, of_slot] : runs) {
    INFO(slot.first << " " << time::format_utc(slot.second));
    CHECK(of_slot.size() == 1);
  }
}

/// A run that was lost is repeated where it must be.
inline void check_repeats(const Plan& plan, const std::vector<ledger::RunRow>& runs) {
  std::set<ledger::RunId> repeated;
  for (const ledger::RunRow& run : runs) {
    if (run.caused_by) repeated.insert(*run.caused_by);
  }
  for (const auto& [pid, program] : plan.machine.world.programs) {
    if (program.guarantee != engine::Guarantee::at_least_once) continue;
    const auto run = std::ranges::find(runs, program.run, &ledger::RunRow::run);
    if (run == runs.end() || run->outcome != Outcome::lost) continue;
    const bool declared_anew = std::ranges::any_of(
        plan.history.at(program.job), [&](const Plan::Declared& declared) { return declared.from >= run->started_at; });
    INFO("run " << program.run << " of " << program.job);
    CHECK((declared_anew || repeated.contains(program.run)));
  }
}

/// What depends on another job has a slot for each end of it, and starts once for each. When several ends were in the
/// table alone as their daemon was killed, the newest stands for all.
inline void check_followers(const Plan& plan, const std::vector<ledger::SlotClosed>& slots,
                            const std::vector<ledger::RunRow>& runs) {
  std::set<ledger::RunId> causes;
  std::vector<const ledger::RunRow*> ends;
  for (const ledger::RunRow& run : runs) {
    if (run.job == Plan::followed && run.ended_at) ends.push_back(&run);
    if (run.job != Plan::follower || run.trigger != ledger::RunTrigger::dependency) continue;
    INFO("run " << run.run << " caused by " << run.caused_by.value_or(0));
    CHECK((run.caused_by.value_or(0) == 0 || causes.insert(*run.caused_by).second));
  }
  std::ranges::sort(ends, {}, [](const ledger::RunRow* run) { return *run->ended_at; });
  std::set<WallTime> due;
  for (const ledger::SlotClosed& slot : slots) {
    if (slot.job == Plan::follower) due.insert(slot.scheduled_at);
  }
  CHECK(due.size() <= ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i]->outcome == Outcome::lost || ends[i]->attempts == 0) continue;  // repeated, or it never began
    const WallTime at = *ends[i]->ended_at;
    const WallTime next = i + 1 < ends.size() ? std::max(*ends[i + 1]->ended_at, at + 10ns) : WallTime::max();
    const auto slot = due.lower_bound(at);
    const bool both_late = std::ranges::any_of(plan.kills, [&](WallTime kill) { return kill >= next; }) &&
                           std::ranges::none_of(plan.kills, [&](WallTime kill) { return kill >= at && kill < next; });
    INFO("run " << ends[i]->run << " ended at " << time::format_utc(at));
    CHECK(((slot != due.end() && *slot < next) || both_late));
  }
}

/// Each one-shot that was due has one entry, and did not start twice, unless the power failed: it is not claimed.
inline void check_one_shots(const Plan& plan, ledger::LedgerReader& reader) {
  std::map<std::string, std::set<ledger::RunId>> started;
  for (const auto& [pid, program] : plan.machine.world.programs) started[program.job].insert(program.run);
  for (const auto& [name, due] : plan.one_shots) {
    INFO(name << " " << time::format_utc(due));
    CHECK(reader.slots({.job = name}).size() == (due < plan.end ? 1U : 0U));
    const auto cuts = std::ranges::count_if(plan.power_cuts, [&](WallTime cut) { return cut >= due; });
    CHECK(started[name].size() <= 1U + static_cast<std::size_t>(cuts));
  }
}

}  // namespace belfry::test
