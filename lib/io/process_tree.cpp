#include "io/process_tree.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <mutex>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "io/fd.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

struct Leaders {
  std::mutex mutex;
  std::unordered_set<pid_t> pids;
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

void reap(pid_t pid) noexcept {
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
}

}  // namespace

void become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "prctl(PR_SET_CHILD_SUBREAPER)");
  }
  subreaper = true;
}

// The kernel gives orphans to the first living thread of the subreaper, which is its main thread (find_new_reaper in
// kernel/exit.c), so one file lists them all; it also lists the children that the main thread started itself.
std::vector<pid_t> adopted_children() {
  if (!subreaper) return {};
  static const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  std::vector<pid_t> children;
  const std::string text = read_proc(path);
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error == std::errc() && may_be_stray(pid)) children.push_back(pid);
    at = next + 1;
  }
  return children;
}

std::optional<Fd> TreeSweep::round(std::span<const pid_t> adopted) {
  std::optional<Fd> dying;
  for (const pid_t pid : adopted) {
    const auto stat = read_stat(pid);
    // The list may be a moment old: what has been reaped since is nobody's, and its number may be anybody's.
    if (!stat || stat->parent != ::getpid() || !may_be_stray(pid)) continue;
    if (stat->state == 'Z') {
      reap(pid);  // nobody else will
      continue;
    }
    if (!is_ours(pid, stat->group)) continue;
    ::kill(pid, SIGKILL);  // our child, and only we reap it
    seen_.insert(pid);
    if (!dying) dying = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  return dying;
}

bool TreeSweep::is_ours(pid_t pid, pid_t group) const {
  if (group == identity_.leader || has_in_environment(pid, identity_.marker)) return true;
  return live_leaders() == (is_leader(identity_.leader) ? 1 : 0);
}

void reap_strays() noexcept {
  while (true) {
    siginfo_t info{};
    // Looks without taking: the first ended child may be a leader, whose owner reads its status and usage.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 || is_leader(info.si_pid))
      return;
    reap(info.si_pid);
  }
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
  leaders().pids.insert(pid);
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
