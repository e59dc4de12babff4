// Keeps a second daemon away from the same ledger: an flock on a file beside it, held as long as the object lives.
#pragma once

#include <string>

namespace belfry::ledger {

/// Holds PATH.lock, into which it writes the process id. The kernel lets go of it when the process dies, however it
/// dies; a child does not inherit it over exec. Any thread.
class StateLock {
 public:
  /// Throws LedgerInUse, naming the process that holds the lock, when there is one, and LedgerError.
  explicit StateLock(const std::string& ledger_path);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace belfry::ledger
