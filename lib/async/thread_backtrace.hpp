// The backtrace of another thread. Not for use outside lib/async; users want StallWatchdog.
#pragma once

#include <pthread.h>

#include "async/backtrace.hpp"

namespace belfry::async::detail {

/// Makes the signal usable for backtrace_of(), for the process and for the calling thread, which it is for. Throws
/// std::system_error.
void handle_backtrace_signal(int signal);

/// Interrupts the thread by the signal and returns where it was; empty if it does not answer within a second, as in an
/// uninterruptible system call. Any thread but that one; one at a time, others wait.
Backtrace backtrace_of(pthread_t thread, int signal) noexcept;

}  // namespace belfry::async::detail
