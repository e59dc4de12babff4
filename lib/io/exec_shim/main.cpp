// belfry-exec: takes the steps that must happen inside of a new process, then becomes the command.
//
// Static, without exceptions and streams, so that it starts quickly. The order of the steps: signals, rlimits, nice,
// umask, no_new_privileges, descriptors, command. What needs a privilege comes before no_new_privileges; limits on
// descriptors and memory come early because nothing here needs more than they leave.
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "io/exec_path.hpp"
#include "keeper.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);  // refused for KILL and STOP
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void take_steps(const Options& options) {
  reset_signals();
  for (const auto& limit : options.limits) {
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &limit.values) != 0)
      fail(errno, "rlimit " + limit.text);
  }
  if (options.nice && ::setpriority(PRIO_PROCESS, 0, *options.nice) != 0) {
    fail(errno, "nice " + std::to_string(*options.nice));
  }
  if (options.umask) ::umask(*options.umask);
  if (options.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(errno, "no_new_privileges");
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // belfryd hands over nothing else anyway
}

[[noreturn]] void become(char** command) {
  const char* path = std::getenv("PATH");
  int error = ENOENT;
  for (const auto& candidate :
       belfry::io::exec_candidates(*command, path != nullptr ? path : belfry::io::default_search_path)) {
    ::execv(candidate.c_str(), command);
    if (errno == EACCES) error = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) fail(errno, "the command");
  }
  fail(error, std::strchr(*command, '/') != nullptr || error != ENOENT ? "the command" : "the command is not in PATH");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--keeper") == 0) return keep_descriptors(STDIN_FILENO, argv[2]);
  const Options options = parse_options(argv + 1);
  take_steps(options);
  become(options.command);
}
