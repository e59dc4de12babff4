// stop_thread TID: stops one thread of a running program by ptrace, while its other threads go on; lets it go at the
// end of standard input. So a test can block belfryd's loop without asking belfryd for it. Status 77: ptrace is not
// allowed.

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int give_up(const char* what) {
  std::fprintf(stderr, "stop_thread: %s: %s\n", what, std::strerror(errno));
  return errno == EPERM || errno == ENOSYS ? 77 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto thread = static_cast<pid_t>(std::atoi(argv[1]));
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return give_up("PTRACE_SEIZE");
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return give_up("PTRACE_INTERRUPT");
  int state = 0;
  if (::waitpid(thread, &state, __WALL) != thread) return give_up("waitpid");
  std::puts("stopped");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);  // fails when the thread was killed meanwhile: as good
  return 0;
}
