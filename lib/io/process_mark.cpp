#include "io/process_mark.hpp"

#include "io/proc_file.hpp"

namespace belfry::io {

std::optional<std::uint64_t> start_ticks_of(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat) return std::nullopt;
  return stat->start_ticks;
}

}  // namespace belfry::io
