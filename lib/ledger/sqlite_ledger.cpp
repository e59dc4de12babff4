// The face of the SQLite ledger; ledger_writer.cpp does the work.
#include "ledger/sqlite_ledger.hpp"

#include "ledger/backup.hpp"
#include "ledger/ledger_writer.hpp"
#include "ledger/local_id.hpp"
#include "ledger/sqlite_reader.hpp"

namespace belfry::ledger {

std::unique_ptr<SqliteLedger> SqliteLedger::open(const std::string& path, const SqliteOptions& options) {
  return std::unique_ptr<SqliteLedger>(new SqliteLedger(path, options));
}

SqliteLedger::SqliteLedger(const std::string& path, const SqliteOptions& options)
    : path_(path), writer_(std::make_unique<LedgerWriter>(path, options)), id_(local_id(path)) {}

SqliteLedger::~SqliteLedger() = default;

RunId SqliteLedger::next_run_id() noexcept { return writer_->next_run_id(); }

void SqliteLedger::skip_run_ids(RunId used) noexcept {
  if (writer_->skip_run_ids(used)) write(RunIdsSkipped{.used = used});
}

bool SqliteLedger::write(Entry entry) noexcept { return writer_->queue().push(std::move(entry)); }

void SqliteLedger::write_together(std::vector<Entry> entries) noexcept {
  writer_->queue().push_tied(std::move(entries));
}

void SqliteLedger::when_durable(std::move_only_function<void()> done) { writer_->queue().push(std::move(done)); }

std::unique_ptr<LedgerReader> SqliteLedger::open_reader() const { return std::make_unique<SqliteReader>(path_); }

LedgerStats SqliteLedger::stats() const { return writer_->stats(); }

std::uint64_t SqliteLedger::backup(const std::string& to, const Stop& stop) const {
  return backup_ledger(path_, to, stop);
}

}  // namespace belfry::ledger
