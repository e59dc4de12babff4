#include "io/process_tree.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "io/fd.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

struct Leaders {
  std::mutex mutex;
  std::unordered_map<pid_t, TreeUsage> pids;  // with what the strays of their groups have used
  std::unordered_set<pid_t> no_strays;
};

Leaders& leaders() {
  static Leaders all;
  return all;
}

bool is_leader(pid_t pid) {
  const std::scoped_lock lock(leaders().mutex);
  return leaders().pids.contains(pid);
}

bool may_be_stray(pid_t pid) {
  const std::scoped_lock lock(leaders().mutex);
  return !leaders().pids.contains(pid) && !leaders().no_strays.contains(pid);
}

std::atomic<bool> subreaper = false;

/// glibc's waitid() does not pass the usage on.
TreeUsage reap(pid_t pid) noexcept {
  siginfo_t info{};
  rusage usage{};
  if (::syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG, &usage) != 0 || info.si_pid != pid) return {};
  return usage_from(usage);
}

// The list of our main thread's children. It stays open: the way to it costs as much as what is read there.
const Fd& children_file() {
  thread_local pid_t whose = 0;
  thread_local Fd file;
  if (const pid_t own = ::getpid(); own != whose) {  // not before, or a fork came between
    const std::string path = "/proc/self/task/" + std::to_string(own) + "/children";
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    whose = own;
  }
  return file;
}

std::string read_children() {
  const Fd& file = children_file();
  std::string text;
  std::array<char, 4096> block;
  for (ssize_t got = 0; (got = ::pread(file.get(), block.data(), block.size(), static_cast<off_t>(text.size()))) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

void become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "prctl(PR_SET_CHILD_SUBREAPER)");
  }
  subreaper = true;
  children_file();  // now, and not when somebody counts what is open
}

// The kernel gives orphans to the first living thread of the subreaper, which is its main thread (find_new_reaper in
// kernel/exit.c), so one file lists them all; it also lists the children that the main thread started itself.
std::vector<pid_t> adopted_children() {
  if (!subreaper) return {};
  std::vector<pid_t> children;
  const std::string text = read_children();
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error == std::errc() && may_be_stray(pid)) children.push_back(pid);
    at = next + 1;
  }
  return children;
}

TreeSweep::Found TreeSweep::round(std::span<const pid_t> adopted) {
  Found found;
  for (const pid_t pid : adopted) {
    const auto stat = read_stat(pid);
    // The list may be a moment old: what has been reaped since is nobody's, and its number may be anybody's.
    if (!stat || stat->parent != ::getpid() || !may_be_stray(pid)) continue;
    if (stat->state == 'Z') {
      const TreeUsage used = reap(pid);  // nobody else will
      if (killed_.contains(pid) || stat->group == identity_.leader) usage_.add(used);
      continue;
    }
    if (refused_.contains(pid)) continue;
    const std::optional<bool> ours = is_ours(pid, stat->group);
    if (!ours) found.unclear = true;
    if (!ours || !*ours) continue;
    if (::kill(pid, SIGKILL) != 0) {  // our child, and only we reap it: it is there, and somebody else's
      refused_.emplace(pid, stat->name);
      continue;
    }
    killed_.emplace(pid, stat->name);
    if (!found.dying) found.dying = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  return found;
}

/// Nothing: it cannot be told yet.
std::optional<bool> TreeSweep::is_ours(pid_t pid, pid_t group) const {
  if (group == identity_.leader) return true;
  if (identity_.group_only) return false;
  const std::optional<ProcEnvironment> environment = read_environment(pid);
  if (!environment) return std::nullopt;
  if (environment->has(identity_.marker)) return true;
  return live_leaders() == (is_leader(identity_.leader) ? 1 : 0) && !environment->has(spared_marker);
}

Survivors TreeSweep::survivors() const {
  Survivors survivors;
  for (const auto& [pid, name] : killed_) {
    const auto stat = read_stat(pid);
    if (stat && stat->parent == ::getpid() && stat->state != 'Z') {
      survivors.add_left({.pid = pid, .name = name});  // the kernel is not done with it
    } else {
      survivors.add_ended({.pid = pid, .name = name});
    }
  }
  for (const auto& [pid, name] : refused_) survivors.add_left({.pid = pid, .name = name});
  return survivors;
}

void reap_strays() noexcept {
  while (true) {
    siginfo_t info{};
    // Looks without taking: the first ended child may be a leader, whose owner reads its status and usage.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 || is_leader(info.si_pid))
      return;
    const auto stat = read_stat(info.si_pid);
    const TreeUsage used = reap(info.si_pid);
    const std::scoped_lock lock(leaders().mutex);
    if (const auto of = stat ? leaders().pids.find(stat->group) : leaders().pids.end(); of != leaders().pids.end()) {
      of->second.add(used);
    }
  }
}

TreeUsage usage_of_strays(pid_t leader) {
  const std::scoped_lock lock(leaders().mutex);
  const auto found = leaders().pids.find(leader);
  return found == leaders().pids.end() ? TreeUsage() : found->second;
}

void no_stray(pid_t pid, bool is_none) {
  const std::scoped_lock lock(leaders().mutex);
  if (is_none) {
    leaders().no_strays.insert(pid);
  } else {
    leaders().no_strays.erase(pid);
  }
}

void add_leader(pid_t pid) {
  const std::scoped_lock lock(leaders().mutex);
  leaders().pids.emplace(pid, TreeUsage());
}

void remove_leader(pid_t pid) noexcept {
  const std::scoped_lock lock(leaders().mutex);
  leaders().pids.erase(pid);
}

std::size_t live_leaders() noexcept {
  const std::scoped_lock lock(leaders().mutex);
  return leaders().pids.size();
}

}  // namespace belfry::io
