// How a process ended that is not our child: what the kernel still tells, and to whom.
//
// From Linux 6.15 on, a pidfd that was open when the process ended keeps its status (PIDFD_GET_INFO). Before that, only
// its parent and its tracer are told: a Tracer becomes the second. Private to process.cpp.
#pragma once

#include <sys/resource.h>

#include <memory>
#include <optional>

#include "io/fd.hpp"
#include "io/process_mark.hpp"

namespace belfry::io {

/// Whether a pidfd keeps the status on this kernel. Tried out, once, by a child that ends at once: some tenths of a
/// millisecond. REQUIRES: the thread that reaps strays.
bool pidfd_keeps_status();

/// The status (wait(2)) of a process whose pidfd was open when its parent had reaped it; nothing: not reaped yet, or
/// the kernel does not keep it.
std::optional<int> kept_status(int pidfd) noexcept;

/// Follows one process as its tracer (PTRACE_SEIZE) on a thread of its own, which passes every signal on and does
/// nothing else: the process runs at its usual speed. What the process loses meanwhile: it cannot be debugged, and a
/// setuid program that it becomes itself (not by a child) gains no rights. Ends with the process; the kernel lets it go
/// on untraced when we die.
class Tracer {
 public:
  struct End {
    int status = 0;  ///< wait(2)
    rusage usage{};
  };

  /// Begins at once and returns before it is known whether it succeeds: it does not where ptrace(2) is forbidden (a
  /// seccomp filter, yama, another user's process). Throws std::system_error when there is no thread or descriptor.
  explicit Tracer(const ProcessMark& process);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  /// Does not wait: the thread ends with the process.
  ~Tracer();

  /// Becomes readable when the process has ended, or could not be traced.
  int descriptor() const noexcept;

  /// Nothing: it could not be traced. REQUIRES: descriptor() is readable.
  std::optional<End> end() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace belfry::io
