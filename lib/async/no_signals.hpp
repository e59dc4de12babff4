// NoSignals: threads that are started meanwhile are never the ones that a signal interrupts.
#pragma once

#include <csignal>

namespace belfry::async {

/// While one lives, its thread has every signal blocked, and a thread that it starts inherits that for good: signals
/// stay with the loop's thread. Costs two system calls; belongs to one thread.
class NoSignals {
 public:
  NoSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace belfry::async
