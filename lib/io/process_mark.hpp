// ProcessMark: which process, beyond the reuse of its number and beyond the life of whoever started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace belfry::io {

/// A process of this boot of the machine. The number alone may be anybody's tomorrow; no two processes share both.
struct ProcessMark {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< when it started, in clock ticks since boot: field 22 of /proc/PID/stat
  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

/// The ticks of the machine's clock since boot, the same as a process that is started now gets. Any thread, 30 ns.
std::uint64_t boot_ticks() noexcept;

/// When the process with that number started; nothing: there is none, or /proc does not show it to us. Any thread.
std::optional<std::uint64_t> start_ticks_of(pid_t pid);

}  // namespace belfry::io
