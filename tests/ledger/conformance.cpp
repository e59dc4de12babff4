// The promises of a ledger, one function each; see conformance.hpp.
#include "ledger/conformance.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "ledger/ledger_fixture.hpp"
#include "ledger/support/ledger_model.hpp"
#include "ledger/support/random_entries.hpp"

namespace belfry::ledger::test {
namespace {

constexpr std::size_t everything = 10'000;
constexpr Retention keep_all{.keep_runs = 1'000'000, .keep_slots = 1'000'000, .keep_outputs = 1'000'000};

std::vector<RunRow> runs_of(LedgerBed& bed, const std::string& job) {
  return bed.ledger().open_reader()->runs({.job = job, .limit = everything});
}

void run_ids_grow_over_threads_and_restarts(LedgerBed& bed) {
  constexpr int threads = 4;
  constexpr int each = 1000;
  std::vector<std::vector<RunId>> taken(threads);
  std::vector<std::thread> running;
  for (auto& mine : taken) {
    running.emplace_back([&] {
      for (int i = 0; i < each; ++i) mine.push_back(bed.ledger().next_run_id());
    });
  }
  for (std::thread& thread : running) thread.join();
  std::set<RunId> all;
  for (const auto& mine : taken) {
    CHECK(std::ranges::is_sorted(mine));
    all.insert(mine.begin(), mine.end());
  }
  CHECK(all.size() == threads * each);
  CHECK(*all.begin() > 0);

  bed.ledger().write(run_start("a", 1s, *all.rbegin()));
  bed.reopen();
  CHECK(bed.ledger().next_run_id() > *all.rbegin());
  bed.ledger().skip_run_ids(1'000'000);
  CHECK(bed.ledger().next_run_id() > 1'000'000);
}

void when_durable_comes_in_order_after_what_was_written(LedgerBed& bed) {
  std::vector<std::size_t> seen;
  std::promise<void> last;
  const int steps = 20;
  for (int step = 1; step <= steps; ++step) {
    write_whole_run(bed.ledger(), "a", std::chrono::seconds{step}, bed.ledger().next_run_id());
    bed.ledger().when_durable([&, step] {
      seen.push_back(runs_of(bed, "a").size());
      if (step == steps) last.set_value();
    });
  }
  last.get_future().wait();
  REQUIRE(seen.size() == steps);
  CHECK(std::ranges::is_sorted(seen));
  for (std::size_t step = 0; step < seen.size(); ++step) CHECK(seen[step] >= step + 1);
  CHECK(seen.back() == steps);
}

void closing_makes_durable_and_calls_who_waits(LedgerBed& bed) {
  bool called = false;
  for (RunId run = 1; run <= 100; ++run) write_whole_run(bed.ledger(), "a", std::chrono::seconds{run}, run);
  bed.ledger().when_durable([&] { called = true; });
  bed.reopen();
  CHECK(called);
  CHECK(runs_of(bed, "a").size() == 100);
}

void a_slot_is_closed_and_claimed_once(LedgerBed& bed) {
  Ledger& ledger = bed.ledger();
  ledger.write(SlotClaimed{.job = "a", .scheduled_at = at(1s), .at = at(0s)});
  ledger.write(SlotClaimed{.job = "a", .scheduled_at = at(1s), .at = at(0s)});
  ledger.write(started_slot("a", 1s, 1));
  ledger.write(started_slot("a", 1s, 2));
  ledger.write(SlotClaimed{.job = "a", .scheduled_at = at(1s), .at = at(2s)});
  ledger.write(started_slot("b", 1s, 3));
  ledger.write(SlotClaimed{.job = "b", .scheduled_at = at(5s), .at = at(2s)});
  wait_until_durable(ledger);
  CHECK(ledger.stats().refused == 3);
  CHECK_FALSE(ledger.stats().last_refusal.empty());
  const auto slots = ledger.open_reader()->slots({.job = "a"});
  REQUIRE(slots.size() == 1);
  CHECK(slots[0].run == RunId{1});
  bed.reopen();
  const Resume resume = bed.ledger().open_reader()->resume();
  REQUIRE(resume.claims.size() == 1);
  CHECK(resume.claims[0].job == "b");
  bed.ledger().write(started_slot("a", 1s, 4));  // not by the next daemon either
  wait_until_durable(bed.ledger());
  CHECK(bed.ledger().stats().refused == 1);
}

void a_run_starts_and_ends_once(LedgerBed& bed) {
  Ledger& ledger = bed.ledger();
  ledger.write(run_start("a", 1s, 1));
  ledger.write(run_start("b", 2s, 1));
  ledger.write(run_end("a", 1s, 1, Outcome::success));
  ledger.write(run_end("a", 1s, 1, Outcome::lost));
  wait_until_durable(ledger);
  bed.reopen();
  bed.ledger().write(run_end("a", 1s, 1, Outcome::lost));
  wait_until_durable(bed.ledger());
  const auto run = bed.ledger().open_reader()->run(1);
  REQUIRE(run);
  CHECK(run->job == "a");
  CHECK(run->outcome == Outcome::success);
  CHECK(bed.ledger().stats().refused == 1);
}

void many_threads_lose_and_double_nothing(LedgerBed& bed) {
  constexpr int writers = 4;
  constexpr int runs_each = 150;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, job = "job-" + std::to_string(writer)] {
      for (int second = 0; second < runs_each; ++second) {
        write_whole_run(bed.ledger(), job, std::chrono::seconds{second}, bed.ledger().next_run_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  wait_until_durable(bed.ledger());
  CHECK(bed.ledger().stats().refused == 0);
  CHECK(bed.ledger().stats().dropped == 0);
  for (int writer = 0; writer < writers; ++writer) {
    const auto runs = runs_of(bed, "job-" + std::to_string(writer));
    REQUIRE(runs.size() == runs_each);
    // Each thread's own order is kept: later runs are of later slots.
    CHECK(std::ranges::is_sorted(runs, std::ranges::greater{}, &RunRow::scheduled_at));
  }
  const Resume resume = bed.ledger().open_reader()->resume();
  CHECK(resume.unfinished.empty());
  for (const JobTotals& job : resume.jobs) CHECK(job.runs.at(0).count == runs_each);
}

// Everything that the store answers, beside what the model does.
void compare(LedgerBed& bed, const LedgerModel& model, RandomEntries& random) {
  const auto reader = bed.ledger().open_reader();
  CHECK(describe(reader->resume()) == model.resume());
  CHECK(describe(reader->runs({.limit = everything})) == model.runs());
  const std::vector<SlotClosed> slots = reader->slots({.limit = everything});
  CHECK(std::ranges::is_sorted(slots, std::ranges::greater{}, &SlotClosed::scheduled_at));
  CHECK(describe(slots) == model.slots());
  for (int question = 0; question < 20; ++question) {
    const std::string job = random.job();
    const WallTime instant = random.instant();
    CAPTURE(job, instant.time_since_epoch().count());
    CHECK(describe(reader->slot_at(job, instant)) == model.slot_at(job, instant));
    CHECK(describe(reader->durations(job, 7)) == model.durations(job, 7));
    const HappeningQuery query{.job = question % 3 == 0 ? "" : job,
                               .since = instant,
                               .until = instant + std::chrono::seconds{random.pick(100)}};
    CHECK(describe(reader->happenings(query)) == model.happenings(query));
    if (model.run_ids().empty()) continue;
    const RunId run = model.run_ids()[static_cast<std::size_t>(random.pick(static_cast<int>(model.run_ids().size())))];
    CHECK(describe(reader->attempts(run)) == model.attempts(run));
  }
}

void what_is_read_equals_what_was_written(LedgerBed& bed, unsigned seed) {
  CAPTURE(seed);
  RandomEntries random(seed);
  LedgerModel model;
  std::uint64_t refused = 0;
  for (int part = 0; part < 3; ++part) {
    for (int entry = 0; entry < 250; ++entry) {
      const Entry next = random.next();
      model.write(next);
      REQUIRE(bed.ledger().write(next));
      if (random.pick(40) == 0) wait_until_durable(bed.ledger());  // groups of all sizes
    }
    wait_until_durable(bed.ledger());
    compare(bed, model, random);
    refused += bed.ledger().stats().refused;
    CHECK(refused == model.refused());
    bed.reopen();
    compare(bed, model, random);
  }
}

void history_is_bounded_and_what_must_stay_stays(LedgerBed& bed) {
  Ledger& ledger = bed.ledger();
  ledger.write(run_start("endless", 0s, ledger.next_run_id()));
  write_whole_run(ledger, "rare", 0s, ledger.next_run_id());
  constexpr int many = 2000;
  for (int second = 1; second <= many; ++second) {
    write_whole_run(ledger, "busy", std::chrono::seconds{second}, ledger.next_run_id());
    if (second % 20 == 0) wait_until_durable(ledger);
  }
  CHECK(runs_of(bed, "busy").size() < 500);
  CHECK(runs_of(bed, "busy").front().scheduled_at == at(std::chrono::seconds{many}));
  CHECK(runs_of(bed, "rare").size() == 1);
  const Resume resume = ledger.open_reader()->resume();
  CHECK(resume.unfinished.size() == 1);
  for (const JobTotals& job : resume.jobs) {
    if (job.job == "busy") CHECK(job.runs.at(0).count == many);
  }
}

}  // namespace

void check_conformance(const MakeBed& make) {
  SECTION("run ids are unique over threads, grow, and go on after a restart") {
    run_ids_grow_over_threads_and_restarts(*make(keep_all));
  }
  SECTION("when_durable calls in order, when what was written before can be read") {
    when_durable_comes_in_order_after_what_was_written(*make(keep_all));
  }
  SECTION("closing makes durable what was written, and calls who waits") {
    closing_makes_durable_and_calls_who_waits(*make(keep_all));
  }
  SECTION("a slot is claimed once and closed once, whoever tries, and a claim outlasts a restart") {
    a_slot_is_closed_and_claimed_once(*make(keep_all));
  }
  SECTION("a run starts once and ends once") { a_run_starts_and_ends_once(*make(keep_all)); }
  SECTION("many threads lose and double nothing") { many_threads_lose_and_double_nothing(*make(keep_all)); }
  SECTION("what is read equals what was written: random entries beside a model, over restarts") {
    for (unsigned seed = 1; seed <= 8; ++seed) what_is_read_equals_what_was_written(*make(keep_all), seed);
  }
  SECTION("history is bounded, and what must stay stays") {
    history_is_bounded_and_what_must_stay_stays(*make({.keep_runs = 50, .keep_slots = 50, .keep_outputs = 10}));
  }
}

}  // namespace belfry::ledger::test
