// The ledger in one SQLite file: write-ahead log, one writer thread named "ledger", group commit.
//
// While a commit runs, the entries of the next one gather. A full or failing disk never stops the callers: entries wait
// in a bounded queue, and the writer tries again until it succeeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ledger/durability.hpp"
#include "ledger/ledger.hpp"
#include "ledger/retention.hpp"

namespace belfry::ledger {

struct SqliteOptions {
  Durability durability = Durability::full;
  std::size_t max_queue_bytes = std::size_t{64} << 20;  ///< of entries that wait for the disk; beyond, see write()
  /// How long the facts of runs wait for others that keep coming, to become durable in one commit with them: until none
  /// has come for 25 ms, at most for so long. What the table of live runs does not have waits for 5 ms, and nothing
  /// waits when somebody does (when_durable) or thousands of entries do. A commit costs about as much as three runs.
  Duration commit_patience = std::chrono::milliseconds{250};
  Duration retry_limit = std::chrono::seconds{2};      ///< between two tries on a failing disk, at most
  Duration close_patience = std::chrono::seconds{10};  ///< how long the destructor tries on a failing disk
  Retention retention{};
};

class LedgerWriter;

class SqliteLedger final : public Ledger {
 public:
  /// Opens the file, or makes it (mode 0600, its folder 0700), and brings it to this program's version. Throws
  /// LedgerError, with advice, when another process uses it, or it is not a ledger, is damaged, or newer than the
  /// program.
  static std::unique_ptr<SqliteLedger> open(const std::string& path, const SqliteOptions& options = {});

  /// Makes durable what was written, for at most close_patience on a failing disk; then calls what waits in
  /// when_durable(). Nobody may call the other members any more.
  ~SqliteLedger() override;

  RunId next_run_id() noexcept override;
  void skip_run_ids(RunId used) noexcept override;
  bool write(Entry entry) noexcept override;
  void write_together(std::vector<Entry> entries) noexcept override;
  void when_durable(std::move_only_function<void()> done) override;
  std::unique_ptr<LedgerReader> open_reader() const override;
  LedgerStats stats() const override;
  std::uint64_t backup(const std::string& to, const Stop& stop) const override;
  std::string_view id() const noexcept override { return id_; }

  const std::string& path() const noexcept { return path_; }

 private:
  explicit SqliteLedger(const std::string& path, const SqliteOptions& options);

  std::string path_;
  std::unique_ptr<LedgerWriter> writer_;
  std::string id_;  // after the writer, which makes the folder
};

}  // namespace belfry::ledger
