// The child may call nothing but bare system calls. Its parent runs beside it, and both have the same thread-local
// storage: no malloc, no lock, no errno, no libc function that a sanitizer intercepts, and no function of the standard
// library, which a sanitizer would instrument.
#include "io/launch_child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "io/process_mark.hpp"

// The name under which glibc exports clone() besides: the sanitizers intercept only the other one, and treat it as a
// fork, which this is not.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);  // NOLINT

#if defined(__clang__)
#define BELFRY_BARE __attribute__((disable_sanitizer_instrumentation, no_stack_protector))
#else
#define BELFRY_BARE __attribute__((no_sanitize("address", "thread", "undefined"), no_stack_protector))
#endif

namespace belfry::io {

namespace {

constexpr long kernel_sigset_size = 8;

// What the kernel's rt_sigaction takes; all zero means SIG_DFL.
struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  std::uint64_t mask;
};

// A system call that leaves errno alone: the result, or -errno.
#if defined(__x86_64__)
constexpr int wait_for_child = 0;

BELFRY_BARE long bare_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  long result = 0;  // NOLINT(misc-const-correctness): the call writes it
  register const long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
constexpr int wait_for_child = 0;

BELFRY_BARE long bare_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
constexpr int wait_for_child = CLONE_VFORK;  // errno is the child's alone while its parent stands still

BELFRY_BARE long bare_call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  const long result = ::syscall(number, a, b, c, d);
  return result < 0 ? -errno : result;
}
#endif

BELFRY_BARE long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

[[noreturn]] BELFRY_BARE void give_up(const ChildPlan& plan, LaunchStep step, long result) {
  plan.answer->step = step;
  plan.answer->error = static_cast<int>(-result);
  while (true) bare_call(SYS_exit, 127);
}

// Descriptors are still shared with the daemon: takes a table of its own, with none but the low ones. A copy of all
// would cost three descriptors for every job that runs beside it.
BELFRY_BARE void leave_descriptors(const ChildPlan& plan) {
  const long first_other = (plan.inbox > plan.null ? plan.inbox : plan.null) + 1;
  if (bare_call(SYS_close_range, first_other, ~0U, CLOSE_RANGE_UNSHARE) == 0) return;
  const long result = bare_call(SYS_unshare, CLONE_FILES);  // before Linux 5.9; the others are O_CLOEXEC
  if (result != 0) give_up(plan, LaunchStep::streams, result);
}

// Puts the streams where the program expects them, and lets go of everything else: not at execve, which may take long.
BELFRY_BARE void take_streams(ChildPlan& plan) {
  const int last = plan.kept > script_fd ? script_fd : report_fd;
  for (int number = 0; number <= last; ++number) {  // all taken: what is received lies above
    const long result = bare_call(SYS_dup3, plan.null, number, 0);
    if (result < 0) give_up(plan, LaunchStep::streams, result);
  }
  if (plan.target_count > 0) {
    const long result = bare_call(SYS_recvmsg, plan.inbox, address(plan.streams), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (result < 0) give_up(plan, LaunchStep::streams, result);
    plan.arrived = true;
    if ((plan.streams->msg_flags & MSG_CTRUNC) != 0) give_up(plan, LaunchStep::streams, -EMFILE);
  }
  for (int i = 0; i < plan.target_count; ++i) {
    const long result = bare_call(SYS_dup3, plan.received[i], plan.targets[i], 0);
    if (result < 0) give_up(plan, LaunchStep::streams, result);
  }
  if (plan.kept > report_fd && !plan.report) bare_call(SYS_close, report_fd);
  bare_call(SYS_close_range, plan.kept, ~0U, 0);  // ENOSYS before Linux 5.9: all are O_CLOEXEC anyway
}

// exec resets handlers by itself, but an ignored signal stays ignored, and a handler must not run in this child once
// signals are let in again. Real-time signals are left: nobody ignores them, and 62 calls instead of 29 show.
BELFRY_BARE void reset_signals() {
  const KernelSigaction by_default{};
  for (int signal = 1; signal < 32; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) {
      bare_call(SYS_rt_sigaction, signal, address(&by_default), 0, kernel_sigset_size);
    }
  }
}

// Gives up the controlling terminal for this process alone.
BELFRY_BARE void leave_terminal() {
  const long terminal = bare_call(SYS_openat, AT_FDCWD, address("/dev/tty"), O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) return;
  bare_call(SYS_ioctl, terminal, TIOCNOTTY);
  bare_call(SYS_close, terminal);
}

// Opens the pipe of a standard stream for both directions: it has a reader then for as long as it has a writer.
BELFRY_BARE void make_last(const char* path, long number) {
  const long both = bare_call(SYS_openat, AT_FDCWD, address(path), O_RDWR | O_CLOEXEC);
  if (both < 0) return;  // no /proc: an ordinary pipe
  bare_call(SYS_dup3, both, number, 0);
  bare_call(SYS_close, both);
}

BELFRY_BARE void make_streams_last() {
  make_last("/proc/self/fd/1", STDOUT_FILENO);
  make_last("/proc/self/fd/2", STDERR_FILENO);
}

// Most often the parent, which runs beside us, has opened the gate long before. One that is dead never will.
BELFRY_BARE void pass_gate(const ChildPlan& plan) {
  constexpr __kernel_timespec patience{.tv_sec = 0, .tv_nsec = 1'000'000};
  int* const gate = &plan.answer->gate;
  while (true) {
    int now = gate_closed;
    __atomic_compare_exchange_n(gate, &now, gate_awaited, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
    if (now == gate_open) return;
    if (now == gate_open_lasting || bare_call(SYS_getppid) != plan.parent) return make_streams_last();
    bare_call(SYS_futex, address(gate), FUTEX_WAIT_PRIVATE, gate_awaited, address(&patience));
  }
}

// Tries each candidate as execvp(3) does: a folder without the program is passed over; one that denies access is
// remembered in case nothing else is found.
BELFRY_BARE long exec_first(const ChildPlan& plan) {
  const long argv = address(static_cast<const void*>(plan.argv));
  const long envp = address(static_cast<const void*>(plan.envp));
  long failure = -ENOENT;
  for (const char* const* path = plan.paths; *path != nullptr; ++path) {
    const long result = bare_call(SYS_execve, address(*path), argv, envp);
    if (result == -EACCES) failure = result;
    if (result != -ENOENT && result != -ENOTDIR && result != -EACCES) return result;
  }
  return failure;
}

BELFRY_BARE int child_main(void* argument) {
  auto& plan = *static_cast<ChildPlan*>(argument);
  leave_descriptors(plan);
  take_streams(plan);
  reset_signals();
  // The parent does so too: whoever of the two needs it first, finds it done. It fails for a session's leader only.
  const long group = bare_call(SYS_setpgid, 0, 0);
  if (group != 0) give_up(plan, LaunchStep::group, group);
  if (plan.has_terminal) leave_terminal();
  const long moved = plan.working_dir == nullptr ? 0 : bare_call(SYS_chdir, address(plan.working_dir));
  if (moved != 0) give_up(plan, LaunchStep::working_dir, moved);
  pass_gate(plan);
  const std::uint64_t nothing = 0;
  bare_call(SYS_rt_sigprocmask, SIG_SETMASK, address(&nothing), 0, kernel_sigset_size);
  give_up(plan, LaunchStep::command, exec_first(plan));
}

}  // namespace

const bool children_can_be_held = wait_for_child == 0;

Child start_child(ChildPlan& plan, void* stack_end, std::atomic<int>& busy) {
  // A signal that arrived in the child before its program would run our handlers in our memory: keep all out. All but
  // SIGCHLD, which the child is never sent: a blocked one would be kept for us, and wake one of our threads, whenever
  // another child ends meanwhile.
  const std::uint64_t all = ~(std::uint64_t{1} << (SIGCHLD - 1));
  std::uint64_t before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kernel_sigset_size);
  Child child;
  const std::uint64_t earliest = boot_ticks();
  child.pid = __clone(child_main, stack_end,
                      CLONE_VM | CLONE_FILES | CLONE_PIDFD | CLONE_CHILD_CLEARTID | wait_for_child | SIGCHLD, &plan,
                      &child.pidfd, nullptr, &busy);
  const int error = errno;
  if (boot_ticks() == earliest) child.start_ticks = earliest;  // a tick is ten milliseconds: nearly always
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kernel_sigset_size);
  if (child.pid >= 0) ::setpgid(child.pid, child.pid);  // refused when its program is in place: then it is done
  errno = error;
  return child;
}

}  // namespace belfry::io
