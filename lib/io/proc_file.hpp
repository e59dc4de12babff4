// What /proc tells about a process. Private to lib/io.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace belfry::io {

/// The text of a file of /proc; empty when it cannot be read (the process has ended, or is not ours to see).
std::string read_proc(const std::string& path);

/// Some fields of /proc/PID/stat.
struct ProcStat {
  std::string name;  ///< of the program: its first 15 bytes
  char state = 'X';  ///< 'Z': ended, not reaped
  pid_t parent = 0;
  pid_t group = 0;
  std::uint64_t start_ticks = 0;       ///< since boot
  std::uint64_t flags = 0;             ///< PF_* of the kernel's include/linux/sched.h
  bool has_program = false;            ///< false: it is in the midst of execve(2), or ends, or has none
  std::uint64_t environment_size = 0;  ///< bytes; of one that has a program and may be traced by us
  /// Of a process that has ended and is not reaped: how, as waitpid(2) has it. Nothing: it has not, or it is not ours
  /// to know (proc(5): the kernel tells it to who may trace the process).
  std::optional<int> wait_status;
};

/// Nothing: there is no such process, or it is not ours to see. Any thread.
std::optional<ProcStat> read_stat(pid_t pid);

/// The environment of a process as it was at its execve(2); empty when it has ended or is not ours to see.
class ProcEnvironment {
 public:
  explicit ProcEnvironment(std::string text) : text_('\0' + std::move(text) + '\0') {}

  /// Whether it holds the entry `marker` ("NAME=value"); an empty one is nowhere.
  bool has(const std::string& marker) const { return !marker.empty() && text_.contains('\0' + marker + '\0'); }

 private:
  std::string text_;
};

/// Nothing: the process is in the midst of execve(2), where the kernel shows none; it has one again in a moment.
std::optional<ProcEnvironment> read_environment(pid_t pid);

}  // namespace belfry::io
