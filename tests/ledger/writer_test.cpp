// Order, group commit, contradictions, and many threads at once.
#include <catch2/catch.hpp>

#include <atomic>
#include <limits>
#include <thread>

#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

TEST_CASE("entries become durable in the order of the calls", "[ledger]") {
  TempLedger temp;
  for (int second = 0; second < 5000; ++second) {
    temp.write(ClockJumped{.at = at(std::chrono::seconds{second}), .step = 1s});
  }
  temp.sync();
  sqlite::Connection connection(temp.path, sqlite::Mode::read_only);
  CHECK(connection.integer("SELECT count(*) FROM clock_jumps") == 5000);
  CHECK(connection.integer("SELECT count(*) FROM clock_jumps AS a JOIN clock_jumps AS b ON b.id = a.id + 1 "
                           "WHERE b.at <= a.at") == 0);
}

TEST_CASE("what is queued while a commit runs shares the next one", "[ledger]") {
  TempLedger temp;
  for (RunId run = 1; run <= 1000; ++run) {
    write_whole_run(*temp.ledger, "a", std::chrono::seconds{run}, run);
  }
  temp.sync();
  const LedgerStats stats = temp.ledger->stats();
  CHECK(stats.written == 4000);
  CHECK(stats.commits < 400);
  CHECK(stats.queued == 0);
  CHECK(stats.queued_bytes == 0);
  CHECK(stats.size_bytes > 0);
}

TEST_CASE("when_durable calls back after what was written before, from the writer's thread", "[ledger]") {
  TempLedger temp;
  std::promise<std::pair<std::size_t, std::thread::id>> promise;
  write_whole_run(*temp.ledger, "a", 1s, 1);
  temp.ledger->when_durable([&] {
    const auto rows = temp.reader()->runs({});
    promise.set_value({rows.size(), std::this_thread::get_id()});
  });
  const auto [rows, thread] = promise.get_future().get();
  CHECK(rows == 1);
  CHECK(thread != std::this_thread::get_id());
  temp.sync();  // with nothing written, it is called all the same
}

TEST_CASE("closing makes durable what was written, and calls who waits", "[ledger]") {
  TempLedger temp;
  std::atomic<bool> called = false;
  for (RunId run = 1; run <= 100; ++run) write_whole_run(*temp.ledger, "a", std::chrono::seconds{run}, run);
  temp.ledger->when_durable([&] { called = true; });
  temp.reopen();
  CHECK(called);
  CHECK(temp.reader()->runs({.job = "a", .outcomes = {}, .since = {}, .limit = 1000}).size() == 100);
}

TEST_CASE("a slot is closed once: the second time is refused and counted", "[ledger]") {
  TempLedger temp;
  temp.write(started_slot("a", 1s, 1));
  auto again = started_slot("a", 1s, 2);
  again.result = SlotResult::skipped;
  temp.write(again);
  temp.write(started_slot("b", 1s, 3));
  temp.sync();
  const auto slots = temp.reader()->slots({.job = "a", .since = {}});
  REQUIRE(slots.size() == 1);
  CHECK(slots[0].run == RunId{1});
  CHECK(temp.reader()->slots({}).size() == 2);
  CHECK(temp.reader()->resume().jobs[0].slots.size() == 1);
  const LedgerStats stats = temp.ledger->stats();
  CHECK(stats.refused == 1);
  CHECK_THAT(stats.last_refusal, Catch::Matchers::Contains("job a"));
  CHECK(stats.last_error.empty());
}

TEST_CASE("a run starts once and ends once", "[ledger]") {
  TempLedger temp;
  temp.write(run_start("a", 1s, 1));
  temp.write(run_start("b", 2s, 1));
  temp.write(attempt_end("a", 1s, 1, 1, Outcome::success));
  temp.write(attempt_end("a", 1s, 1, 1, Outcome::failure));
  temp.write(run_end("a", 1s, 1, Outcome::success));
  temp.write(run_end("a", 1s, 1, Outcome::lost));
  temp.sync();
  const auto run = temp.reader()->run(1);
  REQUIRE(run);
  CHECK(run->job == "a");
  CHECK(run->outcome == Outcome::success);
  CHECK(temp.reader()->attempts(1).size() == 1);
  CHECK(temp.ledger->stats().refused == 3);
}

TEST_CASE("many threads write while many read", "[ledger]") {
  constexpr int writers = 4;
  constexpr int runs_each = 300;
  TempLedger temp({.durability = Durability::normal});
  std::atomic<bool> over = false;
  std::atomic<int> broken = 0;

  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      const auto mine = temp.reader();
      while (!over) {
        // A snapshot: runs that ended are as many as the totals say.
        const Resume now = mine->resume();
        for (const JobTotals& job : now.jobs) {
          if (job.runs.size() > 1) ++broken;
        }
        std::size_t last = std::numeric_limits<std::size_t>::max();
        for (const RunRow& row : mine->runs({})) {
          if (static_cast<std::size_t>(row.run) >= last) ++broken;
          last = static_cast<std::size_t>(row.run);
        }
        static_cast<void>(temp.ledger->stats());
      }
    });
  }
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, job = "job-" + std::to_string(writer)] {
      for (int second = 0; second < runs_each; ++second) {
        write_whole_run(*temp.ledger, job, std::chrono::seconds{second}, temp.ledger->next_run_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  temp.sync();
  over = true;
  for (std::thread& thread : readers) thread.join();

  CHECK(broken == 0);
  const Resume resume = temp.reader()->resume();
  REQUIRE(resume.jobs.size() == writers);
  for (const JobTotals& job : resume.jobs) {
    REQUIRE(job.runs.size() == 1);
    CHECK(job.runs[0].count == runs_each);
  }
  CHECK(resume.unfinished.empty());
  CHECK(temp.ledger->stats().refused == 0);
}

TEST_CASE("a name of every enum leads back to its value", "[ledger]") {
  for (int value = 0; value < 7; ++value) {
    CHECK(outcome_from(to_string(static_cast<Outcome>(value))) == static_cast<Outcome>(value));
  }
  for (int value = 0; value < 10; ++value) {
    CHECK(slot_reason_from(to_string(static_cast<SlotReason>(value))) == static_cast<SlotReason>(value));
  }
  for (int value = 0; value < 4; ++value) {
    CHECK(slot_result_from(to_string(static_cast<SlotResult>(value))) == static_cast<SlotResult>(value));
  }
  for (int value = 0; value < 3; ++value) {
    CHECK(run_trigger_from(to_string(static_cast<RunTrigger>(value))) == static_cast<RunTrigger>(value));
  }
  CHECK_FALSE(outcome_from("Success"));
  CHECK_FALSE(slot_reason_from(""));
}
