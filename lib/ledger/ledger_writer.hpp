// The writer's thread: takes what is queued, makes it durable in one transaction, tries again when the disk fails.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ledger/entry_queue.hpp"
#include "ledger/retention.hpp"
#include "ledger/row_writer.hpp"
#include "ledger/sqlite_ledger.hpp"
#include "ledger/state_lock.hpp"

namespace belfry::ledger {

/// Tells a file from another one that comes to have its name.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

/// Made and destroyed on one thread; queue(), next_run_id() and stats() on any. Everything else is the writer's own.
class LedgerWriter {
 public:
  /// Opens the store and starts the thread. Throws LedgerError.
  LedgerWriter(const std::string& path, const SqliteOptions& options);
  ~LedgerWriter();

  EntryQueue& queue() noexcept { return queue_; }
  RunId next_run_id() noexcept { return next_run_id_.fetch_add(1, std::memory_order_relaxed); }
  bool skip_run_ids(RunId used) noexcept;  // true: it changed what comes next
  LedgerStats stats() const;

 private:
  using Clock = EntryQueue::Clock;

  void start_thread();
  void serve();
  void store(EntryBatch batch);
  bool try_to_store(const EntryBatch& batch);
  bool wait_before_retry(Duration delay);
  void prune();
  void note_success(std::size_t entries);
  void note_failure(const std::string& error);
  void measure_size();
  bool is_in_place() const noexcept;

  const SqliteOptions options_;
  StateLock lock_;
  sqlite::Connection connection_;
  RowWriter rows_;
  Pruner pruner_;
  const FileId file_;  // of what is open
  EntryQueue queue_;
  std::atomic<RunId> next_run_id_ = 1;
  std::atomic<Clock::rep> give_up_at_ = 0;  // set before the queue is closed
  Clock::time_point last_measure_{};

  std::atomic<std::uint64_t> written_ = 0, commits_ = 0, errors_ = 0, given_up_ = 0, refused_ = 0, size_bytes_ = 0;
  mutable std::mutex text_mutex_;  // guards the texts below
  std::string last_error_;
  std::string last_refusal_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace belfry::ledger
