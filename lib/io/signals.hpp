// Signals as something to await: signalfd(2), so that no handler runs anywhere.
#pragma once

#include <csignal>
#include <initializer_list>

#include "async/task.hpp"
#include "io/fd.hpp"
#include "io/fd_watcher.hpp"

namespace belfry::io {

/// Blocks the signals in a thread and in those it starts later. Make one in main() before the first thread, or a thread
/// without the block takes the signal by its default action. Jobs are not affected: launch() unblocks everything.
class BlockedSignals {
 public:
  /// Throws std::system_error.
  BlockedSignals(std::initializer_list<int> signals);
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();  ///< restores the mask of the calling thread

  const sigset_t& set() const noexcept { return set_; }

 private:
  sigset_t set_;
  sigset_t before_;
};

/// Receives blocked signals on the loop. Loop thread only; destroyed before the loop ends.
class SignalStream {
 public:
  explicit SignalStream(const BlockedSignals& signals);

  /// The number of the next signal, in the order of arrival (several of one kind may count as one, signal(7)).
  /// Cancellation: stops waiting, no signal is lost.
  async::Task<int> next();

 private:
  Fd fd_;
  FdWatcher watcher_;
};

}  // namespace belfry::io
