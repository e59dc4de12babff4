#include "io/foreign_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "async/sleep.hpp"
#include "async/timeout.hpp"
#include "io/fd_watcher.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

constexpr int max_rounds = 100;
constexpr std::size_t looks_each_step = 16;

/// For processes between two programs, of which nothing tells whose they are: it takes a tenth of a millisecond, or as
/// long as a slow disk.
constexpr auto execve_pause = std::chrono::milliseconds(1);
constexpr int execve_pauses = 1000;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  if (!opened) return names;
  while (const dirent* entry = ::readdir(opened.get())) names.emplace_back(entry->d_name);
  return names;
}

std::optional<pid_t> number_of(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(pid) : std::nullopt;
}

/// Whether we may look at it and signal it. Asked first: most processes of a machine are somebody else's.
bool is_ours(const std::string& folder) {
  struct ::stat about{};
  return ::stat(folder.c_str(), &about) == 0 && (about.st_uid == ::geteuid() || ::geteuid() == 0);
}

/// The number of a group is not given away while it has members; but when the last one has gone, it may be.
bool is_group_of(const ForeignTree& tree) {
  if (tree.leader.pid == 0) return false;
  const auto holder = start_ticks_of(tree.leader.pid);
  return !holder || *holder == tree.leader.start_ticks;
}

/// One look at every process of the machine.
class Census {
 public:
  explicit Census(const ForeignTree& tree) : tree_(tree), by_group_(is_group_of(tree)) {}

  void look_at(pid_t pid) {
    if (pid == ::getpid() || !is_ours("/proc/" + std::to_string(pid))) return;
    const auto stat = read_stat(pid);
    if (!stat || stat->state == 'Z' || stat->state == 'X') return;
    if (!by_group_ || stat->group != tree_.leader.pid) {
      if (tree_.marker.empty()) return;
      const std::optional<ProcEnvironment> environment = read_environment(pid);
      if (!environment) unclear_.push_back(pid);
      if (!environment || !environment->has(tree_.marker)) return;
    }
    members_.push_back({.pid = pid, .start_ticks = stat->start_ticks});
  }

  bool is_unclear() const noexcept { return !unclear_.empty(); }
  std::vector<pid_t> take_unclear() noexcept { return std::exchange(unclear_, {}); }

  std::vector<ProcessMark> take_members() noexcept { return std::move(members_); }

 private:
  const ForeignTree& tree_;
  bool by_group_;
  std::vector<ProcessMark> members_;
  std::vector<pid_t> unclear_;  // in the midst of execve(2)
};

/// What must not happen to hold a run for ever: the kernel does not let go of a process.
constexpr auto death_patience = std::chrono::seconds(5);

async::Task<> wait_for_death(FdWatcher& watcher) { co_await watcher.readable(); }

/// Its pidfd if it was alive and has been sent SIGKILL.
Fd kill(const ProcessMark& process) {
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd || start_ticks_of(process.pid) != process.start_ticks) return {};
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) != 0) return {};
  return pidfd;
}

Fd reopen_pipe_of(pid_t pid, std::uint64_t inode) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  const std::string wanted = "pipe:[" + std::to_string(inode) + "]";
  for (const std::string& name : names_in(folder)) {
    std::array<char, 64> target;
    const ssize_t size = ::readlink((folder + name).c_str(), target.data(), target.size());
    if (size <= 0 || std::string_view(target.data(), static_cast<std::size_t>(size)) != wanted) continue;
    Fd pipe(::open((folder + name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct ::stat about{};
    if (pipe && ::fstat(pipe.get(), &about) == 0 && about.st_ino == inode) return pipe;
  }
  return {};
}

}  // namespace

async::Task<std::vector<ProcessMark>> members_of(const ForeignTree& tree) {
  const std::vector<std::string> names = names_in("/proc");
  Census census(tree);
  std::size_t looks = 0;
  for (const std::string& name : names) {
    const std::optional<pid_t> pid = number_of(name);
    if (!pid) continue;
    if (++looks % looks_each_step == 0) co_await async::yield();
    census.look_at(*pid);
  }
  for (int pause = 0; pause < execve_pauses && census.is_unclear(); ++pause) {
    co_await async::sleep(execve_pause);
    for (const pid_t pid : census.take_unclear()) {
      if (++looks % looks_each_step == 0) co_await async::yield();
      census.look_at(pid);
    }
  }
  co_return census.take_members();
}

async::Task<std::optional<ProcessMark>> find_leader(std::string marker) {
  const ForeignTree tree{.leader = {}, .marker = std::move(marker)};
  const std::vector<ProcessMark> members = co_await members_of(tree);
  std::optional<ProcessMark> first;
  for (const ProcessMark& member : members) {
    const auto stat = read_stat(member.pid);
    if (!stat || stat->group != member.pid) continue;  // it was made the leader of a group of its own
    if (!first || std::pair(member.start_ticks, member.pid) < std::pair(first->start_ticks, first->pid)) first = member;
  }
  co_return first;
}

async::Task<Survivors> kill_foreign_tree(ForeignTree tree) {
  std::map<std::pair<pid_t, std::uint64_t>, std::string> killed;
  for (int round = 0; round < max_rounds; ++round) {
    const std::vector<ProcessMark> members = co_await members_of(tree);
    Fd dying;
    for (const ProcessMark& member : members) {
      const auto stat = read_stat(member.pid);
      Fd pidfd = kill(member);
      if (!pidfd) continue;
      killed.emplace(std::pair(member.pid, member.start_ticks), stat ? stat->name : std::string());
      dying = std::move(pidfd);
    }
    if (!dying) break;
    FdWatcher watcher(dying.get());
    const bool died = co_await async::move_on_after(death_patience, wait_for_death(watcher));
    if (!died) break;
  }
  Survivors survivors;
  for (const auto& [process, name] : killed) {
    const auto stat = read_stat(process.first);
    const bool lives = stat && stat->start_ticks == process.second && stat->state != 'Z';
    lives ? survivors.add_left({process.first, name}) : survivors.add_ended({process.first, name});
  }
  co_return survivors;
}

Fd reopen_pipe(std::span<const ProcessMark> processes, std::uint64_t inode) {
  for (const ProcessMark& process : processes) {
    if (start_ticks_of(process.pid) != process.start_ticks) continue;
    Fd pipe = reopen_pipe_of(process.pid, inode);
    if (pipe) return pipe;
  }
  return {};
}

}  // namespace belfry::io
