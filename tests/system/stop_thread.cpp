// stop_thread TID: stops one thread of a running program by ptrace, while its other threads go on; lets it go at the
// end of standard input, and leaves when the thread is killed. So a test can block belfryd's loop without asking
// belfryd for it. Status 77: ptrace is not allowed.

#include <poll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int give_up(const char* what) {
  std::fprintf(stderr, "stop_thread: %s: %s\n", what, std::strerror(errno));
  return errno == EPERM || errno == ENOSYS ? 77 : 1;
}

/// Until standard input ends or SIGCHLD tells that the thread is gone; a dead thread must be waited for, or its process
/// stays a zombie.
void wait_for_the_end(pid_t thread, int child_signals) {
  std::array<pollfd, 2> both{{{STDIN_FILENO, POLLIN, 0}, {child_signals, POLLIN, 0}}};
  while (::poll(both.data(), both.size(), -1) > 0 || errno == EINTR) {
    std::array<char, sizeof(signalfd_siginfo)> bytes{};
    if (both[0].revents != 0 && ::read(STDIN_FILENO, bytes.data(), bytes.size()) <= 0) return;
    if (both[1].revents == 0) continue;
    if (::read(child_signals, bytes.data(), bytes.size()) <= 0) return;
    int state = 0;
    if (::waitpid(thread, &state, __WALL | WNOHANG) == thread && !WIFSTOPPED(state)) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto thread = static_cast<pid_t>(std::atoi(argv[1]));
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  const int child_signals = ::signalfd(-1, &child, SFD_CLOEXEC);
  if (child_signals < 0) return give_up("signalfd");
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return give_up("PTRACE_SEIZE");
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return give_up("PTRACE_INTERRUPT");
  int state = 0;
  if (::waitpid(thread, &state, __WALL) != thread) return give_up("waitpid");
  std::puts("stopped");
  std::fflush(stdout);
  wait_for_the_end(thread, child_signals);
  ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);  // fails when the thread was killed meanwhile: as good
  return 0;
}
