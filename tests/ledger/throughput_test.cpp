// What the ledger costs: figures for docs/performance.md, and the promise that they are cheap enough. Hidden: run with
// [.bench].
#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <vector>

#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

Duration cpu_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto span = [](timeval t) { return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec}; };
  return span(usage.ru_utime) + span(usage.ru_stime);
}

struct Cost {
  double cpu_us_per_run;
  double entries_per_second;
  double runs_per_commit;
};

// So many jobs that each run once a second, for so many seconds; each second's runs as fast as they can be written.
Cost measure(int jobs, int seconds, SqliteOptions options = {}) {
  TempLedger temp(options);
  std::vector<std::string> names;
  for (int job = 0; job < jobs; ++job) names.push_back("job-" + std::to_string(job));
  for (const std::string& name : names) write_whole_run(*temp.ledger, name, 0s, temp.ledger->next_run_id());
  temp.sync();

  const LedgerStats before = temp.ledger->stats();
  const Duration cpu_before = cpu_used();
  const auto begin = std::chrono::steady_clock::now();
  for (int second = 1; second <= seconds; ++second) {
    for (const std::string& name : names) {
      write_whole_run(*temp.ledger, name, std::chrono::seconds{second}, temp.ledger->next_run_id());
    }
    temp.sync();
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const double runs = static_cast<double>(jobs) * seconds;
  const std::chrono::duration<double, std::micro> cpu = cpu_used() - cpu_before;
  const LedgerStats after = temp.ledger->stats();
  CHECK(after.dropped == 0);
  CHECK(after.refused == 0);
  return {.cpu_us_per_run = cpu.count() / runs,
          .entries_per_second = 4 * runs / elapsed.count(),
          .runs_per_commit = runs / static_cast<double>(after.commits - before.commits)};
}

void report(const char* what, const Cost& cost) {
  std::printf("%-44s %6.1f us CPU/run  %8.0f entries/s  %6.1f runs/commit\n", what, cost.cpu_us_per_run,
              cost.entries_per_second, cost.runs_per_commit);
}

}  // namespace

TEST_CASE("what a scheduled run costs (slot, start, attempt, end)", "[.bench]") {
  report("1 job, one run per commit", measure(1, 2'000));
  report("100 jobs, 100 runs per group", measure(100, 300));
  report("1,000 jobs, 1,000 runs per group", measure(1'000, 100));
  report("1,000 jobs, keep 50 (pruning)", measure(1'000, 200, {.retention = {.keep_runs = 50, .keep_slots = 50}}));
  report("10,000 jobs", measure(10'000, 10));
}
