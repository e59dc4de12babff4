#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include "observe/collectors.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

namespace {

/// Fields of /proc/self/stat, see proc(5).
struct ProcessStat {
  double cpu_seconds = 0;
  double start_seconds = 0;  ///< since boot
  double virtual_bytes = 0;
  double resident_bytes = 0;
  double threads = 0;
};

std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t name_end = text.rfind(')');  // the name may hold anything, parentheses too
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr std::size_t kFirst = 3;  // proc(5) counts from 1, and the name is field 2
  if (fields.size() <= 24 - kFirst) return std::nullopt;
  const auto field = [&](std::size_t number) { return std::strtod(fields[number - kFirst].c_str(), nullptr); };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return ProcessStat{.cpu_seconds = (field(14) + field(15)) / ticks,
                     .start_seconds = field(22) / ticks,
                     .virtual_bytes = field(23),
                     .resident_bytes = field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)),
                     .threads = field(20)};
}

/// When the kernel booted, as Unix time; stays the same to the second while the wall clock is not set.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return std::nullopt;
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(entries), end(entries)) - 1);  // not the one that reads them
}

class ProcessCollector final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> out;
    if (const auto stat = read_stat()) {
      FamilyBuilder::counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
          .add({}, stat->cpu_seconds)
          .move_to(out);
      FamilyBuilder::gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")
          .add({}, stat->virtual_bytes)
          .move_to(out);
      FamilyBuilder::gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
          .add({}, stat->resident_bytes)
          .move_to(out);
      FamilyBuilder::gauge("process_threads", "Number of OS threads in the process.")
          .add({}, stat->threads)
          .move_to(out);
      if (boot_time_) {
        FamilyBuilder::gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
            .add({}, *boot_time_ + stat->start_seconds)
            .move_to(out);
      }
    }
    FamilyBuilder::gauge("process_open_fds", "Number of open file descriptors.")
        .add({}, open_descriptors())
        .move_to(out);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      FamilyBuilder::gauge("process_max_fds", "Maximum number of open file descriptors.")
          .add({}, static_cast<double>(limit.rlim_cur))
          .move_to(out);
    }
    return out;
  }

 private:
  const std::optional<double> boot_time_ = boot_time();
};

}  // namespace

std::shared_ptr<prometheus::Collectable> process_collector() { return std::make_shared<ProcessCollector>(); }

}  // namespace belfry::observe
