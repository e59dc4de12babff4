// The one thread that copies the ledger, while it does: a backup reads and writes for seconds, and neither the loop nor
// the API's thread may wait for a disk for so long.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "daemon/control/exchange.hpp"
#include "ledger/ledger.hpp"

namespace belfry::daemon {

/// Server thread only.
class BackupWorker {
 public:
  explicit BackupWorker(ledger::Ledger& ledger) : ledger_(ledger) {}
  BackupWorker(const BackupWorker&) = delete;
  BackupWorker& operator=(const BackupWorker&) = delete;

  /// Gives up a copy that is under way, which leaves nothing behind. Any thread.
  ~BackupWorker();

  /// Answers when the copy is complete or has failed. Throws ApiError 409 while another one is made.
  void start(const std::string& path, const Exchange& exchange);

 private:
  void copy(const std::string& path, const Exchange& exchange);

  ledger::Ledger& ledger_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> busy_ = false;
  std::thread thread_;
};

}  // namespace belfry::daemon
