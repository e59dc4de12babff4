#include "io/process_mark.hpp"

#include <unistd.h>

#include <ctime>

#include "io/proc_file.hpp"

namespace belfry::io {

std::uint64_t boot_ticks() noexcept {
  static const auto each_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  constexpr std::uint64_t nanoseconds = 1'000'000'000;
  return static_cast<std::uint64_t>(now.tv_sec) * each_second +
         static_cast<std::uint64_t>(now.tv_nsec) / (nanoseconds / each_second);
}

std::optional<std::uint64_t> start_ticks_of(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat) return std::nullopt;
  return stat->start_ticks;
}

}  // namespace belfry::io
