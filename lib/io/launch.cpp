// The child of launch() runs in the memory of its parent until execve, as after vfork: nothing is copied, so the cost
// does not grow with the daemon, and its errors are read from a plain struct. In return the child may call nothing but
// bare system calls: no malloc, no lock, no libc function that a sanitizer intercepts. Its table of descriptors is not
// copied either, only the low end of it: see LaunchGate.
#include "io/launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "io/exec_path.hpp"
#include "io/launch_gate.hpp"

// The name under which glibc exports clone() besides: the sanitizers intercept only the other one, and treat it as a
// fork, which this is not.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);  // NOLINT

#if defined(__clang__)
#define BELFRY_BARE __attribute__((disable_sanitizer_instrumentation))
#else
#define BELFRY_BARE __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

namespace belfry::io {

namespace {

constexpr std::size_t stack_size = 16384;
constexpr std::size_t kernel_sigset_size = 8;

// All that the child needs, prepared before it exists; `step` and `error` are its answer.
struct ChildPlan {
  const char* const* paths;  // candidates for execve, ends with nullptr
  char* const* argv;
  char* const* envp;
  const char* working_dir;  // nullptr: stay
  LaunchGate::Numbers streams;
  bool has_report;
  bool has_terminal;
  LaunchStep step;
  int error;
};

// What the kernel's rt_sigaction takes; all zero means SIG_DFL.
struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  std::uint64_t mask;
};

// Descriptors are still shared with the daemon: takes a table of its own, with none but the low ones.
BELFRY_BARE bool leave_descriptors(const LaunchGate::Numbers& streams) {
  const auto first_other = static_cast<unsigned>(LaunchGate::highest(streams)) + 1;
  if (syscall(SYS_close_range, first_other, ~0U, CLOSE_RANGE_UNSHARE) == 0) return true;
  return syscall(SYS_unshare, CLONE_FILES) == 0;  // before Linux 5.9; the others are O_CLOEXEC
}

// Tries each candidate as execvp(3) does: a folder without the program is passed over; one that denies access is
// remembered in case nothing else is found.
BELFRY_BARE int exec_first(const ChildPlan& plan) {
  int error = ENOENT;
  for (const char* const* path = plan.paths; *path != nullptr; ++path) {
    syscall(SYS_execve, *path, plan.argv, plan.envp);
    if (errno == EACCES) error = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
  }
  return error;
}

// Gives up the controlling terminal for this process alone.
BELFRY_BARE void leave_terminal() {
  const long terminal = syscall(SYS_openat, AT_FDCWD, "/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return;
  syscall(SYS_ioctl, terminal, TIOCNOTTY);
  syscall(SYS_close, terminal);
}

[[noreturn]] BELFRY_BARE void give_up(ChildPlan& plan, LaunchStep step, int error) {
  plan.step = step;
  plan.error = error;
  while (true) syscall(SYS_exit, 127);
}

BELFRY_BARE int child_main(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  if (!leave_descriptors(plan.streams)) give_up(plan, LaunchStep::streams, errno);
  // exec resets handlers by itself, but an ignored signal stays ignored, and a handler must not run in this child once
  // signals are let in again. Real-time signals are left: nobody ignores them, and 62 calls instead of 29 show.
  const KernelSigaction by_default{};
  for (int signal = 1; signal < 32; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) {
      syscall(SYS_rt_sigaction, signal, &by_default, nullptr, kernel_sigset_size);
    }
  }
  if (syscall(SYS_setpgid, 0, 0) != 0) give_up(plan, LaunchStep::group, errno);
  if (plan.has_terminal) leave_terminal();
  if (plan.working_dir != nullptr && syscall(SYS_chdir, plan.working_dir) != 0) {
    give_up(plan, LaunchStep::working_dir, errno);
  }
  const int count = plan.has_report ? report_fd + 1 : report_fd;
  for (int target = 0; target < count; ++target) {
    if (syscall(SYS_dup3, plan.streams[static_cast<std::size_t>(target)], target, 0) < 0) {
      give_up(plan, LaunchStep::streams, errno);
    }
  }
  // ENOSYS before Linux 5.11: all are O_CLOEXEC anyway.
  syscall(SYS_close_range, static_cast<unsigned>(count), ~0U, CLOSE_RANGE_CLOEXEC);
  const std::uint64_t nothing = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, kernel_sigset_size);
  give_up(plan, LaunchStep::command, exec_first(plan));
}

std::vector<char*> pointers(std::span<const std::string> strings, std::span<const std::string> more = {}) {
  std::vector<char*> result;
  result.reserve(strings.size() + more.size() + 1);
  for (const auto& string : strings) result.push_back(const_cast<char*>(string.c_str()));  // execve takes it so
  for (const auto& string : more) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

// Whether a command that was not found is there after all: then what its first line names is not.
bool exists_from(const std::string& working_dir, const std::string& command) {
  if (!command.contains('/')) return false;
  const bool relative = !command.starts_with('/') && !working_dir.empty();
  return ::access((relative ? working_dir + "/" + command : command).c_str(), F_OK) == 0;
}

LaunchError describe(const LaunchSpec& spec, LaunchStep step, int error) {
  const auto text = error_text(error);
  const std::string command = spec.argv.empty() ? std::string() : spec.argv.front();
  const std::string start = "cannot start " + (command.empty() ? "an empty command" : command) + ": " + text;
  switch (step) {
    case LaunchStep::working_dir:
      return {step, error, start + " (the working directory " + spec.working_dir + ")"};
    case LaunchStep::command:
      if (error == ENOEXEC) return {step, error, start + " (a script needs a first line such as #!/bin/sh)"};
      if (error == ENOENT && exists_from(spec.working_dir, command)) {
        return {step, error, start + " (the interpreter that its first line names)"};
      }
      return {step, error,
              start + (command.contains('/') || error != ENOENT ? " (the command)" : " (the command is not in PATH)")};
    case LaunchStep::group:
      return {step, error, start + " (its process group)"};
    case LaunchStep::streams:
      return {step, error, start + " (its standard streams)"};
    case LaunchStep::process:
      break;
  }
  return {step, error, start + " (no new process)"};
}

// Whether this process has a terminal that its children would inherit. It does not come by one later: belfry opens
// none.
bool has_terminal() {
  static const bool found = [] {
    const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    return static_cast<bool>(terminal);
  }();
  return found;
}

// Runs child_main in a new process that shares our memory; returns when it has called execve or ended.
BELFRY_BARE int clone_child(ChildPlan& plan, int& pidfd) {
  alignas(16) std::array<std::byte, stack_size> stack;  // on ours: we stand still while it is used
  // A signal that arrived in the child before setpgid would run our handlers in our memory: keep all out. All but
  // SIGCHLD, which the child is never sent: a blocked one would be kept for us, and wake one of our threads, whenever
  // another child ends meanwhile.
  const std::uint64_t all = ~(std::uint64_t{1} << (SIGCHLD - 1));
  std::uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kernel_sigset_size);
  const int pid = __clone(child_main, stack.data() + stack.size(),
                          CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
  const int error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kernel_sigset_size);
  errno = error;
  return pid;
}

}  // namespace

std::expected<Launched, LaunchError> launch(const LaunchSpec& spec, const LaunchContext& context) {
  const auto candidates = exec_candidates(spec.argv.empty() ? std::string_view() : std::string_view(spec.argv.front()),
                                          environment_value(spec.environment, "PATH", default_search_path));
  const auto paths = pointers(candidates);
  const auto argv = pointers(spec.argv);
  const auto envp = pointers(spec.environment, context.environment);
  auto gate =
      LaunchGate::enter({context.standard_input, context.standard_output, context.standard_error, context.report});
  if (!gate) return std::unexpected(describe(spec, LaunchStep::streams, gate.error()));
  ChildPlan plan{.paths = paths.data(),
                 .argv = argv.data(),
                 .envp = envp.data(),
                 .working_dir = spec.working_dir.empty() ? nullptr : spec.working_dir.c_str(),
                 .streams = gate->numbers(),
                 .has_report = context.report >= 0,
                 .has_terminal = has_terminal(),
                 .step = LaunchStep::process,
                 .error = 0};
  int pidfd = -1;
  const int pid = clone_child(plan, pidfd);
  if (pid < 0) return std::unexpected(describe(spec, LaunchStep::process, errno));
  Launched launched{pid, Fd(pidfd)};
  if (plan.error == 0) return launched;
  ::waitpid(pid, nullptr, 0);  // it has ended already
  return std::unexpected(describe(spec, plan.step, plan.error));
}

std::string_view environment_value(const std::vector<std::string>& environment, std::string_view name,
                                   std::string_view otherwise) noexcept {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return entry.substr(name.size() + 1);
    }
  }
  return otherwise;
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace belfry::io
