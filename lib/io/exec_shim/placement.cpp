#include "placement.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "report.hpp"

namespace {

void set_nice(int nice) {
  if (::setpriority(PRIO_PROCESS, 0, nice) == 0) return;
  const bool refused = errno == EACCES || errno == EPERM;
  fail(errno, "nice " + std::to_string(nice) + (refused ? ": below the daemon's, only root may" : ""));
}

void set_io_priority(const IoPriority& wanted) {
  constexpr int of_process = 1;    // IOPRIO_WHO_PROCESS
  constexpr int class_shift = 13;  // linux/ioprio.h came with Linux 5.15
  const int value = (wanted.priority_class << class_shift) | wanted.level;
  if (::syscall(SYS_ioprio_set, of_process, 0, value) == 0) return;
  fail(errno, errno == EPERM ? "ionice: realtime, only root may" : "ionice");
}

void set_cpus(const std::vector<int>& cpus) {
  const auto count = static_cast<std::size_t>(std::ranges::max(cpus)) + 1;
  const std::size_t size = CPU_ALLOC_SIZE(count);
  cpu_set_t* const set = CPU_ALLOC(count);
  if (set == nullptr) fail(ENOMEM, "cpu_affinity");
  CPU_ZERO_S(size, set);
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), size, set);
  if (::sched_setaffinity(0, size, set) != 0) {
    fail(errno, errno == EINVAL ? "cpu_affinity: none of these CPUs is there, and free for belfryd" : "cpu_affinity");
  }
  CPU_FREE(set);
}

void enter_cgroup(const std::string& path) {
  const int file = ::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0 || ::write(file, "0", 1) != 1) fail(errno, "the control group " + path);
  ::close(file);
}

void set_oom_score_adj(int score) {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  const std::string text = std::to_string(score);
  if (file < 0 || ::write(file, text.data(), text.size()) < 0) {
    const bool refused = errno == EACCES || errno == EPERM;
    fail(errno, "oom_score_adj " + text + (refused ? ": below the daemon's, only root with CAP_SYS_RESOURCE may" : ""));
  }
  ::close(file);
}

}  // namespace

void take_place(const Placement& placement) {
  if (!placement.cgroup.empty()) enter_cgroup(placement.cgroup);
  if (placement.oom_score_adj) set_oom_score_adj(*placement.oom_score_adj);
  if (placement.io_priority) set_io_priority(*placement.io_priority);
  if (!placement.cpus.empty()) set_cpus(placement.cpus);
  if (placement.nice) set_nice(*placement.nice);
}
