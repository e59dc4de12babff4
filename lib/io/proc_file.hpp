// What /proc tells about a process. Private to lib/io.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace belfry::io {

/// The text of a file of /proc; empty when it cannot be read (the process has ended, or is not ours to see).
std::string read_proc(const std::string& path);

/// Some fields of /proc/PID/stat.
struct ProcStat {
  std::string name;  ///< of the program: its first 15 bytes
  char state = 'X';  ///< 'Z': ended, not reaped
  pid_t parent = 0;
  pid_t group = 0;
  std::uint64_t start_ticks = 0;  ///< since boot
  /// Of a process that has ended and is not reaped: how, as waitpid(2) has it. Nothing: it has not, or it is not ours
  /// to know (proc(5): the kernel tells it to who may trace the process).
  std::optional<int> wait_status;
};

/// Nothing: there is no such process, or it is not ours to see. Any thread.
std::optional<ProcStat> read_stat(pid_t pid);

/// Whether its environment, as it was at its execve, holds the entry `marker` ("NAME=value"); an empty one is nowhere.
bool has_in_environment(pid_t pid, const std::string& marker);

}  // namespace belfry::io
