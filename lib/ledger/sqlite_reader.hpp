// Answers from the SQLite file, on a read-only connection of its own: it sees what is durable and never waits for the
// writer.
#pragma once

#include <string>

#include "ledger/ledger.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

/// See LedgerReader: one thread at a time, never the loop's. resume() costs as much as there are jobs and pending
/// one-shots, however long the history; runs() and slots() follow indexes from the newest back.
class SqliteReader final : public LedgerReader {
 public:
  /// Opens the file of a SqliteLedger, running or not. Throws LedgerError, with advice, when there is none.
  explicit SqliteReader(const std::string& path);

  Resume resume() override;
  std::vector<RunRow> runs(const RunQuery& query) override;
  std::optional<RunRow> run(RunId run) override;
  std::vector<AttemptEnded> attempts(RunId run) override;
  std::vector<StepEnded> steps(RunId run) override;
  std::vector<SlotClosed> slots(const SlotQuery& query) override;
  SlotsAround slot_at(const std::string& job, WallTime instant) override;
  std::optional<JobDeclared> declared(const std::string& job) override;
  std::vector<Entry> happenings(const HappeningQuery& query) override;
  std::vector<RunSpan> durations(const std::string& job, std::size_t limit) override;

 private:
  std::optional<std::int64_t> job_id(const std::string& name);
  void read_output(AttemptEnded& attempt, std::int64_t job_id, std::string_view stream, CapturedStream& output);

  sqlite::Connection connection_;
};

}  // namespace belfry::ledger
