// belfry-exec: takes the steps that must happen inside of a new process, then becomes the command.
//
// Static, without exceptions and streams, so that it starts quickly. The order of the steps: signals, place (control
// group, memory, disk, processor), namespaces, rlimits, umask, capabilities, user, no_new_privileges, working
// directory, descriptors, command. What needs a privilege comes before the user is another one, and what opens a file
// before the limits; the working directory and the command are reached with the program's rights.
#include <fcntl.h>
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

#include "capabilities.hpp"
#include "identity.hpp"
#include "io/exec_path.hpp"
#include "keeper.hpp"
#include "namespaces.hpp"
#include "options.hpp"
#include "placement.hpp"
#include "report.hpp"

namespace {

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);  // refused for KILL and STOP
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void fail_to_enter(const Options& options) {
  const int error = errno;
  const std::string who = options.user ? ", which the user " + options.user->name + " must be able to enter" : "";
  fail(error, std::string("the working directory ") + options.working_dir + who);
}

// The kernel takes the capabilities itself when root becomes somebody else, but not when a daemon with CAP_SETUID does:
// what that one hands on (the ambient ones) would let the program become root.
void stay_without_privilege(const Identity& who) {
  give_up_all_capabilities();
  if (::setresuid(0, 0, 0) == 0) fail(EPERM, "the user " + who.name + ": the way back to root is open");
}

void take_steps(const Options& options) {
  reset_signals();
  take_place(options.placement);
  const bool another = options.user && !is_user(*options.user);  // asked here: the sandbox hides groups
  enter_sandbox(options.sandbox, another);
  for (const auto& limit : options.limits) {
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &limit.values) != 0)
      fail(errno, "rlimit " + limit.text);
  }
  if (options.umask) ::umask(*options.umask);
  if (options.dropped_capabilities != 0) {
    drop_capabilities(options.dropped_capabilities, options.no_new_privileges);
  }
  if (another) become_user(*options.user);
  if (options.user && options.user->uid != 0) stay_without_privilege(*options.user);
  if (options.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(errno, "no_new_privileges");
  if (options.working_dir != nullptr && ::chdir(options.working_dir) != 0) fail_to_enter(options);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // belfryd hands over nothing else anyway
  if (options.kept_descriptor >= 0 && ::fcntl(options.kept_descriptor, F_SETFD, 0) != 0) fail(errno, "--keep-fd");
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
