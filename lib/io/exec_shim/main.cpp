// belfry-exec: takes the steps that must happen inside of a new process, then becomes the command.
//
// Static, without exceptions and streams, so that it starts quickly. The order of the steps: signals, rlimits, nice,
// umask, no_new_privileges, descriptors, command. What needs a privilege comes before no_new_privileges; limits on
// descriptors and memory come early because nothing here needs more than they leave.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "io/exec_path.hpp"
#include "io/rlimits.hpp"
#include "keeper.hpp"

namespace {

constexpr const char* help =
    "usage: belfry-exec [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "\n"
    "Prepares this process as the options say and becomes COMMAND. belfryd starts jobs through it that have one of\n"
    "these settings; there is no need to call it by hand. The steps are taken in this order:\n"
    "\n"
    "  (always)                   default signal dispositions, no signal blocked\n"
    "  --rlimit=NAME=SOFT:HARD    a resource limit, as in setrlimit(2): nofile, core, fsize, as, cpu, nproc, ...;\n"
    "                             each value is a number or `unlimited`\n"
    "  --nice=N                   scheduling priority, -20 (first) to 19 (last)\n"
    "  --umask=OCTAL              permissions that new files do not get\n"
    "  --no-new-privileges        setuid programs gain nothing\n"
    "  (always)                   descriptors above 2 are closed\n"
    "  COMMAND                    searched in PATH unless it has a slash\n"
    "\n"
    "  --report-fd=N              write an error to this descriptor and nothing on success (default: standard error)\n"
    "  --keeper SOCKET            (alone) hold descriptors for belfryd; descriptor 0 listens at SOCKET\n"
    "  --help                     print this\n"
    "\n"
    "exit status: that of COMMAND; 125 wrong usage, 126 a step failed or COMMAND cannot be run, 127 it is not found\n";

enum : int { exit_usage = 125, exit_failed = 126, exit_not_found = 127 };

int report_to = STDERR_FILENO;
const char* command_name = "";

void report(const std::string& sentence) {
  const std::string line = sentence + (report_to == STDERR_FILENO ? "\n" : "");
  [[maybe_unused]] const ssize_t written = ::write(report_to, line.data(), line.size());
}

[[noreturn]] void usage(const std::string& problem) {
  report("belfry-exec: " + problem + "; see belfry-exec --help");
  std::exit(exit_usage);
}

[[noreturn]] void fail(int error, const std::string& step) {
  report(std::string("cannot start ") + command_name + ": " + std::strerror(error) + " (" + step + ")");
  std::exit(error == ENOENT ? exit_not_found : exit_failed);
}

struct Limit {
  int resource;
  rlimit values;
  std::string text;
};

struct Options {
  std::vector<Limit> limits;
  const char* nice = nullptr;
  const char* umask = nullptr;
  bool no_new_privileges = false;
  char** command = nullptr;
};

long number(const char* text, int base, long least, long most, const char* option) {
  char* end = nullptr;
  errno = 0;
  const long value = std::strtol(text, &end, base);
  if (*text == '\0' || *end != '\0' || errno != 0 || value < least || value > most) {
    usage(std::string(option) + " does not take '" + text + "'");
  }
  return value;
}

rlim_t limit_value(const std::string& text) {
  if (text == "unlimited") return RLIM_INFINITY;
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || text.front() == '-' || *end != '\0' || errno != 0) usage("--rlimit does not take '" + text + "'");
  return value;
}

Limit parse_limit(const std::string& text) {
  const auto equals = text.find('=');
  const auto colon = text.find(':', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || colon == std::string::npos)
    usage("--rlimit wants NAME=SOFT:HARD, not '" + text + "'");
  const auto resource = belfry::io::rlimit_by_name(std::string_view(text).substr(0, equals));
  if (!resource) usage("--rlimit does not know '" + text.substr(0, equals) + "'");
  return {
      *resource, {limit_value(text.substr(equals + 1, colon - equals - 1)), limit_value(text.substr(colon + 1))}, text};
}

const char* value_of(const char* argument, const char* option) {
  const auto length = std::strlen(option);
  return std::strncmp(argument, option, length) == 0 && argument[length] == '=' ? argument + length + 1 : nullptr;
}

Options parse(char** arguments) {
  Options options;
  for (; *arguments != nullptr && std::strcmp(*arguments, "--") != 0; ++arguments) {
    if (const char* fd = value_of(*arguments, "--report-fd")) {
      report_to = static_cast<int>(number(fd, 10, 3, INT_MAX, "--report-fd"));
      if (::fcntl(report_to, F_SETFD, FD_CLOEXEC) != 0) {
        report_to = STDERR_FILENO;
        usage("--report-fd names no open descriptor");
      }
    } else if (const char* limit = value_of(*arguments, "--rlimit")) {
      options.limits.push_back(parse_limit(limit));
    } else if (const char* nice = value_of(*arguments, "--nice")) {
      options.nice = nice;
    } else if (const char* umask = value_of(*arguments, "--umask")) {
      options.umask = umask;
    } else if (std::strcmp(*arguments, "--no-new-privileges") == 0) {
      options.no_new_privileges = true;
    } else if (std::strcmp(*arguments, "--help") == 0) {
      std::fputs(help, stdout);
      std::exit(0);
    } else {
      usage(std::string("unknown option '") + *arguments + "'");
    }
  }
  if (*arguments == nullptr || arguments[1] == nullptr) usage("no command after --");
  options.command = arguments + 1;
  command_name = *options.command;
  return options;
}

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
  if (options.nice != nullptr) {
    const auto value = static_cast<int>(number(options.nice, 10, -20, 19, "--nice"));
    if (::setpriority(PRIO_PROCESS, 0, value) != 0) fail(errno, std::string("nice ") + options.nice);
  }
  if (options.umask != nullptr) ::umask(static_cast<mode_t>(number(options.umask, 8, 0, 0777, "--umask")));
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
  const Options options = parse(argv + 1);
  take_steps(options);
  become(options.command);
}
