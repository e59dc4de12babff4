// Totals are what counting the rows would give, and what a restart begins with.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <tuple>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

// What the totals of a job should be, counted the plain way from the entries that were written.
struct Expected {
  std::map<std::pair<Outcome, RunTrigger>, std::uint64_t> runs;
  std::map<std::pair<SlotResult, SlotReason>, std::uint64_t> slots;
  std::uint64_t retries = 0;
  std::uint64_t consecutive_failures = 0;
  std::optional<WallTime> last_slot, last_start, last_success, last_failure, last_end;
  std::optional<Outcome> last_outcome;
};

class RandomHistory {
 public:
  RandomHistory(const TempLedger& temp, unsigned seed) : temp_(temp), random_(seed) {}

  void write_one() {
    const std::string job = "job-" + std::to_string(pick(5));
    Expected& expected = jobs[job];
    const Duration due = std::chrono::seconds{++second_};
    if (pick(3) == 0) {
      write_refused_slot(job, due, expected);
    } else {
      write_run(job, due, expected);
    }
  }

  std::map<std::string, Expected> jobs;

 private:
  int pick(int below) { return std::uniform_int_distribution{0, below - 1}(random_); }

  void write_refused_slot(const std::string& job, Duration due, Expected& expected) {
    SlotClosed slot = started_slot(job, due, 0);
    slot.run.reset();
    slot.count = static_cast<std::uint64_t>(1 + pick(9));
    slot.last_scheduled_at = slot.scheduled_at + std::chrono::milliseconds{pick(2000)};
    slot.result = pick(2) == 0 ? SlotResult::skipped : SlotResult::missed;
    slot.reason = static_cast<SlotReason>(1 + pick(9));
    expected.slots[{slot.result, slot.reason}] += slot.count;
    expected.last_slot = std::max(expected.last_slot.value_or(slot.last_scheduled_at), slot.last_scheduled_at);
    temp_.write(slot);
  }

  void write_run(const std::string& job, Duration due, Expected& expected) {
    const RunId run = temp_.ledger->next_run_id();
    RunStarted start = run_start(job, due, run);
    start.trigger = static_cast<RunTrigger>(pick(3));
    if (start.trigger == RunTrigger::manual) {
      start.scheduled_at.reset();
    } else {
      temp_.write(started_slot(job, due, run));
      ++expected.slots[{SlotResult::started, SlotReason::none}];
      expected.last_slot = std::max(expected.last_slot.value_or(at(due)), at(due));
    }
    temp_.write(start);
    expected.last_start = start.started_at;
    if (pick(20) == 0) return;  // the daemon died here

    RunEnded end = run_end(job, due, run, static_cast<Outcome>(pick(7)), 1 + pick(3));
    end.trigger = start.trigger;
    for (int attempt = 1; attempt <= end.attempts; ++attempt) {
      temp_.write(attempt_end(job, due, run, attempt, end.outcome));
    }
    temp_.write(end);
    expected.retries += static_cast<std::uint64_t>(end.attempts - 1);
    ++expected.runs[{end.outcome, end.trigger}];
    expected.last_outcome = end.outcome;
    expected.last_end = end.ended_at;
    if (end.outcome == Outcome::success) {
      expected.last_success = end.ended_at;
      expected.consecutive_failures = 0;
    } else if (end.outcome != Outcome::cancelled) {
      expected.last_failure = end.ended_at;
      ++expected.consecutive_failures;
    }
  }

  const TempLedger& temp_;
  std::mt19937 random_;
  int second_ = 0;
};

void check_totals(const Resume& resume, const std::map<std::string, Expected>& jobs) {
  REQUIRE(resume.jobs.size() == jobs.size());
  for (const JobTotals& totals : resume.jobs) {
    CAPTURE(totals.job);
    const Expected& expected = jobs.at(totals.job);
    std::map<std::pair<Outcome, RunTrigger>, std::uint64_t> runs;
    for (const auto& item : totals.runs) runs[{item.outcome, item.trigger}] = item.count;
    CHECK(runs == expected.runs);
    std::map<std::pair<SlotResult, SlotReason>, std::uint64_t> slots;
    for (const auto& item : totals.slots) slots[{item.result, item.reason}] = item.count;
    CHECK(slots == expected.slots);
    CHECK(totals.retries == expected.retries);
    CHECK(totals.consecutive_failures == expected.consecutive_failures);
    CHECK(totals.last_slot == expected.last_slot);
    CHECK(totals.last_start == expected.last_start);
    CHECK(totals.last_success == expected.last_success);
    CHECK(totals.last_failure == expected.last_failure);
    CHECK(totals.last_outcome == expected.last_outcome);
    CHECK(totals.last_end == expected.last_end);
  }
}

}  // namespace

TEST_CASE("totals equal what is counted from the entries, over commits and restarts", "[ledger]") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  CAPTURE(seed);
  TempLedger temp({.durability = Durability::normal, .commit_patience = Duration{0}});
  RandomHistory history(temp, seed);
  for (int part = 0; part < 3; ++part) {
    for (int entry = 0; entry < 200; ++entry) {
      history.write_one();
      if (entry % 37 == 0) temp.sync();  // groups of all sizes
    }
    temp.reopen();
    check_totals(temp.reader()->resume(), history.jobs);
  }
  CHECK(temp.ledger->stats().refused == 0);
}

TEST_CASE("totals go on after a restart, and do not shrink with retention", "[ledger]") {
  TempLedger temp({.retention = {.keep_runs = 3, .keep_slots = 3}});
  for (int second = 1; second <= 600; ++second) {
    write_whole_run(*temp.ledger, "busy", std::chrono::seconds{second}, temp.ledger->next_run_id());
    if (second == 300) temp.reopen();
    if (second % 100 == 0) temp.sync();
  }
  temp.reopen();
  const auto jobs = temp.reader()->resume().jobs;
  REQUIRE(jobs.size() == 1);
  REQUIRE(jobs[0].runs.size() == 1);
  CHECK(jobs[0].runs[0].count == 600);
  CHECK(jobs[0].slots[0].count == 600);
  CHECK(temp.reader()->runs({.job = "busy", .outcomes = {}, .since = {}, .limit = 10'000}).size() < 600);
}

TEST_CASE("a slot that is closed out of its order is not the last one until a newer one is closed", "[ledger]") {
  TempLedger temp;
  const auto out_of_order = [](std::string job, Duration due, RunId run) {
    SlotClosed slot = started_slot(std::move(job), due, run);
    slot.out_of_order = true;
    return slot;
  };
  temp.write(started_slot("a", 10s, 1));
  temp.write(out_of_order("a", 50s, 2));
  temp.write(out_of_order("new", 50s, 3));
  temp.write(out_of_order("new", 60s, 4));
  temp.reopen();
  Resume resume = temp.reader()->resume();
  REQUIRE(resume.jobs.size() == 2);
  CHECK(resume.jobs[0].last_slot == at(10s));
  CHECK(resume.jobs[0].slots.at(0).count == 2);
  CHECK_FALSE(resume.jobs[1].last_slot);
  REQUIRE(resume.out_of_order.size() == 3);
  CHECK(resume.out_of_order[0].job == "a");
  CHECK(resume.out_of_order[0].scheduled_at == at(50s));
  CHECK(resume.out_of_order[2].job == "new");
  CHECK(resume.out_of_order[2].scheduled_at == at(60s));

  temp.write(started_slot("a", 20s, 5));  // what was missing
  temp.write(started_slot("new", 70s, 6));
  temp.sync();
  resume = temp.reader()->resume();
  CHECK(resume.jobs[0].last_slot == at(20s));
  CHECK(resume.jobs[1].last_slot == at(70s));
  REQUIRE(resume.out_of_order.size() == 1);
  CHECK(resume.out_of_order[0].job == "a");
}
