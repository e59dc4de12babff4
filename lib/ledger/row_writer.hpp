// Turns entries into rows: one transaction at a time, statements prepared once.
//
// Owned by the writer's thread. Knows nothing of queues, retries or threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ledger/entry.hpp"
#include "ledger/happening_rows.hpp"
#include "ledger/job_tally.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

class RowWriter {
 public:
  explicit RowWriter(sqlite::Connection& connection);

  /// Opens the transaction. Throws sqlite::Error, as all of these do; then call abandon().
  void begin();

  /// Writes the entry. One that contradicts what is on record changes nothing and is counted. The entry must stay until
  /// the transaction ends.
  void write(const Entry& entry);

  /// Writes the totals and makes the transaction durable.
  void commit();

  /// Ends the transaction as if it had never begun.
  void abandon() noexcept;

  /// Entries of committed transactions that were refused, because their slot was closed already, their run had begun or
  /// ended already, or a value was impossible. Each shows a bug of who wrote it.
  std::uint64_t refused() const noexcept { return refused_; }
  const std::string& last_refusal() const noexcept { return last_refusal_; }

  JobTally& jobs() noexcept { return jobs_; }

 private:
  void add(const RunIdsSkipped& numbers);
  void add(const SlotClaimed& slot);
  void add(const SlotClosed& slot);
  void add(const RunStarted& run);
  void add(const AttemptEnded& attempt);
  void add(const StepEnded& step);
  void add(const RunEnded& run);
  void add(const JobDeclared& job);
  void add(const OneShotAdded& shot);
  void add(const OneShotRemoved& shot);
  void add_output(const JobTally::Job& job, const AttemptEnded& attempt, std::string_view stream,
                  const CapturedStream& output);

  bool begin_run(const JobTally::Job& job, const RunStarted& run);
  void write_whole(const JobTally::Job& job, const RunEnded& end, const RunStarted* start);
  template <class Write>
  void unless_refused(const Write& write);

  bool changed() const noexcept { return connection_.changes() > 0; }
  void refuse(std::string why);

  sqlite::Connection& connection_;
  JobTally jobs_;
  HappeningRows happenings_;
  sqlite::Statement begin_, commit_, skip_numbers_;
  sqlite::Statement claim_, unclaim_, slot_, run_start_, run_end_, run_whole_, attempt_, output_, step_;
  sqlite::Statement declare_, undeclare_, one_shot_, one_shot_done_, one_shot_job_;
  RunId newest_run_ = 0;                      // on record, or begun
  std::map<RunId, const RunStarted*> begun_;  // in the open transaction; they have no row yet
  std::uint64_t refused_ = 0;
  std::uint64_t refused_now_ = 0;  // in the open transaction
  std::string last_refusal_;
};

/// Strings as they lie in argv and environ: each followed by a zero byte.
std::string join_words(const std::vector<std::string>& words);
std::vector<std::string> split_words(std::string_view joined);

}  // namespace belfry::ledger
