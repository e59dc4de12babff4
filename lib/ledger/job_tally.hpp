// The jobs of the ledger: their numbers, and what a transaction adds to their totals.
//
// Owned by RowWriter, used on the writer's thread. Additions of a transaction are gathered in memory and written once
// per job when it commits, so that a thousand entries of a job cost one update.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/sqlite.hpp"

namespace belfry::ledger {

class JobTally {
 public:
  /// A job of the ledger, and what the open transaction adds to its totals.
  struct Job {
    std::int64_t id = 0;
    bool touched = false;
    bool claims = false;  ///< slots of it are claimed ahead, now and then: a slot that closes looks for its claim
    std::size_t until_grown = 1;  ///< rows until it is worth a look by retention
    std::optional<WallTime> last_slot, last_start, last_success, last_failure, last_end;
    std::optional<Outcome> last_outcome;
    std::optional<Duration> last_duration;
    bool succeeded = false;      ///< the row of failures was broken
    std::uint64_t failures = 0;  ///< in a row, since then
    std::uint64_t retries = 0;
    struct Runs {
      Outcome outcome;
      RunTrigger trigger;
      std::uint64_t count;
    };
    struct Slots {
      SlotResult result;
      SlotReason reason;
      std::uint64_t count;
    };
    std::vector<Runs> runs;
    std::vector<Slots> slots;
  };

  /// Reads the numbers of all jobs. Throws sqlite::Error.
  explicit JobTally(sqlite::Connection& connection);

  /// The job of that name; a new one gets a number in the open transaction. Valid until forget(). Throws sqlite::Error.
  Job& job(const std::string& name);

  // What happened to a job; called after the row was written.
  void slot_closed(Job& job, const SlotClosed& slot);
  void run_started(Job& job, const RunStarted& run);
  void attempt_ended(Job& job, const AttemptEnded& attempt);
  void run_ended(Job& job, const RunEnded& run);

  void output_added(std::size_t bytes) noexcept { output_bytes_ += bytes; }

  /// Writes the additions; call it before COMMIT. Throws sqlite::Error.
  void write();

  /// The transaction is durable.
  void committed() noexcept;

  /// The transaction never was.
  void rolled_back() noexcept;

  // For retention.

  /// A job that got so many more rows that it is worth a look, once; every job that was used, after the start.
  std::optional<std::int64_t> take_grown();
  bool has_grown() const noexcept { return !grown_.empty(); }

  /// The newest instant at which anything was recorded to happen: the ledger's idea of now.
  WallTime newest() const noexcept { return newest_; }

  /// Of outputs, written since the start.
  std::uint64_t output_bytes() const noexcept { return output_bytes_; }

  /// The job is no longer in the ledger.
  void forget(const std::string& name) { jobs_.erase(name); }

 private:
  void touch(Job& job);
  void note_row(Job& job, WallTime at);
  void write(const Job& job);
  static void clear(Job& job) noexcept;

  sqlite::Connection& connection_;
  sqlite::Statement insert_job_;
  sqlite::Statement update_job_;
  sqlite::Statement add_runs_;
  sqlite::Statement add_slots_;
  std::unordered_map<std::string, Job> jobs_;
  std::vector<Job*> touched_;
  std::vector<std::string> added_;  // in the open transaction
  std::deque<std::int64_t> grown_;
  WallTime newest_{};
  std::uint64_t output_bytes_ = 0;
};

}  // namespace belfry::ledger
