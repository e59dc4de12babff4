// What every C++ program of this comparison measures with. A program runs the figures it is asked for, by name, and
// prints a line "FIGURE NUMBER" for each: nanoseconds for one operation, or bytes for one task.
//
//   int main(int count, char** names) { return bench::main_of(count, names, {{"switch_2", switch_2}, ...}); }
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

namespace bench {

// How much each figure does; the peers in other languages have the same numbers.
inline constexpr std::size_t awaits = 5'000'000;
inline constexpr std::size_t spawns = 1'000'000;  // in batches of 1,000
inline constexpr std::size_t batch = 1'000;
inline constexpr std::size_t switches = 4'000'000;
inline constexpr std::size_t contenders = 100;  // tasks at one lock or semaphore
inline constexpr std::size_t turns = 10'000;    // of each contender
inline constexpr std::size_t items = 2'000'000;
inline constexpr std::size_t parked = 100'000;
inline constexpr std::size_t offloads = 20'000;
inline constexpr std::size_t naps = 1'000;

/// CPU time of this process, all threads.
inline std::int64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Resident bytes of this process.
inline std::int64_t resident() {
  long pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return std::int64_t{pages} * sysconf(_SC_PAGESIZE);
}

/// CPU nanoseconds of one of `count` operations since `began`.
inline double each(std::int64_t began, std::size_t count) {
  return static_cast<double>(cpu_ns() - began) / static_cast<double>(count);
}

/// The value below which that part of the samples lies.
inline double quantile(std::vector<std::int64_t>& samples, double part) {
  std::sort(samples.begin(), samples.end());
  const auto index = static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1));
  return static_cast<double>(samples[index]);
}

using Figures = std::map<std::string, double>;

inline int main_of(int count, char** names, const std::map<std::string, Figures (*)()>& known) {
  for (int i = 1; i < count; ++i) {
    const auto found = known.find(names[i]);
    if (found == known.end()) continue;  // this program has no such figure
    for (const auto& [name, number] : found->second()) std::printf("%s %.3f\n", name.c_str(), number);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace bench
