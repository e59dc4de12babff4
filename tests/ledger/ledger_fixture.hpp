// What the tests of the ledger share: instants, entries, and waiting until what was written is durable.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "ledger/sqlite_ledger.hpp"
#include "support/temp_dir.hpp"

namespace belfry::ledger::test {

using namespace std::chrono_literals;

/// 2026-01-01 00:00:00 UTC and so many nanoseconds.
inline WallTime at(Duration offset) {
  return WallTime{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}} + offset;
}

inline void wait_until_durable(Ledger& ledger) {
  std::promise<void> durable;
  ledger.when_durable([&] { durable.set_value(); });
  durable.get_future().wait();
}

/// A ledger in a folder of its own.
struct TempLedger {
  belfry::test::TempDir folder;
  std::string path = (folder / "ledger.db").string();
  SqliteOptions options;
  std::unique_ptr<SqliteLedger> ledger;

  explicit TempLedger(SqliteOptions with = {}) : options(with), ledger(SqliteLedger::open(path, options)) {}

  void reopen() {
    ledger.reset();
    ledger = SqliteLedger::open(path, options);
  }
  bool write(Entry entry) const { return ledger->write(std::move(entry)); }
  void sync() const { wait_until_durable(*ledger); }
  std::unique_ptr<LedgerReader> reader() const { return ledger->open_reader(); }
};

/// Why the file is not opened; empty when it is.
inline std::string open_error(const std::string& path) {
  try {
    SqliteLedger::open(path);
  } catch (const LedgerError& error) {
    return error.what();
  }
  return "";
}

inline SlotClosed started_slot(std::string job, Duration due, RunId run) {
  return {.job = std::move(job),
          .scheduled_at = at(due),
          .last_scheduled_at = at(due),
          .count = 1,
          .result = SlotResult::started,
          .reason = SlotReason::none,
          .run = run,
          .closed_at = at(due + 1ms)};
}

inline RunStarted run_start(std::string job, Duration due, RunId run) {
  return {.run = run,
          .job = std::move(job),
          .trigger = RunTrigger::schedule,
          .scheduled_at = at(due),
          .started_at = at(due + 1ms),
          .generation = 3};
}

inline AttemptEnded attempt_end(std::string job, Duration due, RunId run, int attempt, Outcome outcome) {
  return {.run = run,
          .job = std::move(job),
          .attempt = attempt,
          .started_at = at(due + 2ms),
          .ended_at = at(due + 9ms),
          .outcome = outcome,
          .exit_code = outcome == Outcome::success ? 0 : 1,
          .signal = std::nullopt,
          .message = outcome == Outcome::success ? "" : "exit code 1",
          .usage = {.user_cpu = 1ms, .system_cpu = 2ms, .max_rss_bytes = 4096},
          .standard_output = {},
          .standard_error = {},
          .orphans = 0,
          .lingering_pipe = false};
}

inline RunEnded run_end(std::string job, Duration due, RunId run, Outcome outcome, int attempts = 1) {
  return {.run = run,
          .job = std::move(job),
          .trigger = RunTrigger::schedule,
          .scheduled_at = at(due),
          .started_at = at(due + 1ms),
          .ended_at = at(due + 10ms),
          .outcome = outcome,
          .exit_code = outcome == Outcome::success ? 0 : 1,
          .signal = std::nullopt,
          .attempts = attempts,
          .message = outcome == Outcome::success ? "" : "exit code 1"};
}

/// The four entries of a plain scheduled run.
inline void write_whole_run(Ledger& ledger, const std::string& job, Duration due, RunId run,
                            Outcome outcome = Outcome::success) {
  ledger.write(started_slot(job, due, run));
  ledger.write(run_start(job, due, run));
  ledger.write(attempt_end(job, due, run, 1, outcome));
  ledger.write(run_end(job, due, run, outcome));
}

}  // namespace belfry::ledger::test
