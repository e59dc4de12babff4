// What processes have consumed, as the kernel tells when they are reaped.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace belfry::io {

/// Of one process with the children that it had waited for, or of several such.
struct TreeUsage {
  std::chrono::microseconds user_cpu{};
  std::chrono::microseconds system_cpu{};
  std::int64_t max_rss_bytes = 0;  ///< the largest resident set of a single process
  std::int64_t read_bytes = 0;     ///< from block devices: what came out of the page cache is not counted
  std::int64_t written_bytes = 0;  ///< likewise, when it was made dirty

  void add(const TreeUsage& other) noexcept {
    user_cpu += other.user_cpu;
    system_cpu += other.system_cpu;
    max_rss_bytes = std::max(max_rss_bytes, other.max_rss_bytes);
    read_bytes += other.read_bytes;
    written_bytes += other.written_bytes;
  }
};

inline TreeUsage usage_from(const rusage& usage) noexcept {
  const auto microseconds = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  constexpr std::int64_t block = 512;
  return {.user_cpu = microseconds(usage.ru_utime),
          .system_cpu = microseconds(usage.ru_stime),
          .max_rss_bytes = static_cast<std::int64_t>(usage.ru_maxrss) * 1024,
          .read_bytes = static_cast<std::int64_t>(usage.ru_inblock) * block,
          .written_bytes = static_cast<std::int64_t>(usage.ru_oublock) * block};
}

}  // namespace belfry::io
