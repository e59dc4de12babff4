#include "io/proc_file.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "io/fd.hpp"

namespace belfry::io {

std::string read_proc(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file) return text;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

namespace {

bool may_trace_all() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE)) != 0;
}

/// To others the kernel shows 0, which reads as a success.
bool may_trace(pid_t pid) {
  struct ::stat about{};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &about) != 0) return false;
  return (about.st_uid == ::geteuid() && ::geteuid() == ::getuid()) || may_trace_all();
}

/// That field of /proc/PID/stat, counted from the last of its 52.
std::uint64_t number_from_end(std::string_view text, int fields) {
  std::uint64_t number = 0;
  std::size_t end = text.find_last_of("0123456789");
  for (; fields > 0 && end != std::string_view::npos; --fields)
    end = text.find_last_of("0123456789", text.rfind(' ', end));
  if (end == std::string_view::npos) return 0;
  std::from_chars(text.data() + text.rfind(' ', end) + 1, text.data() + end + 1, number);
  return number;
}

}  // namespace

// pid (comm) state ppid pgrp ... starttime ... exit_code; comm may hold anything, so count from its last ')'.
std::optional<ProcStat> read_stat(pid_t pid) {
  const std::string text = read_proc("/proc/" + std::to_string(pid) + "/stat");
  const auto end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  ProcStat stat;
  if (const auto name = text.find('('); name < end_of_name) stat.name = text.substr(name + 1, end_of_name - name - 1);
  unsigned long long started = 0;
  unsigned long long flags = 0;
  // NOLINTNEXTLINE(cert-err34-c): the kernel's numbers fit
  const int found = std::sscanf(text.c_str() + end_of_name + 1,
                                " %c %d %d %*s %*s %*s %llu %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                                &stat.state, &stat.parent, &stat.group, &flags, &started);
  if (found != 5) return std::nullopt;
  stat.start_ticks = started;
  stat.flags = flags;
  stat.has_program = number_from_end(text, 26) != 0;  // where its code starts
  stat.environment_size = number_from_end(text, 1) - number_from_end(text, 2);
  if (stat.state == 'Z' && may_trace(pid)) stat.wait_status = static_cast<int>(number_from_end(text, 0));
  return stat;
}

std::optional<ProcEnvironment> read_environment(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const Fd allowed(::open((folder + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  if (!allowed) return ProcEnvironment("");
  std::string text = read_proc(folder + "/environ");
  if (!text.empty()) return ProcEnvironment(std::move(text));
  // Truly empty, or the memory of the program before is gone and that of the next one not yet complete: then no place
  // of its code is set either, the last thing that execve(2) does (load_elf_binary() in fs/binfmt_elf.c).
  const auto stat = read_stat(pid);
  constexpr std::uint64_t never_again = 0x00200000 | 0x4;  // PF_KTHREAD, PF_EXITING
  if (!stat || stat->state == 'Z' || (stat->flags & never_again) != 0) return ProcEnvironment("");
  if (stat->has_program && stat->environment_size == 0) return ProcEnvironment("");
  return std::nullopt;
}

}  // namespace belfry::io
