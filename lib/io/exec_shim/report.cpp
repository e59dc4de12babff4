#include "report.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

int target = STDERR_FILENO;
const char* command_name = "";

void report(const std::string& sentence) {
  const std::string line = sentence + (target == STDERR_FILENO ? "\n" : "");
  [[maybe_unused]] const ssize_t written = ::write(target, line.data(), line.size());
}

}  // namespace

bool report_to_descriptor(int descriptor) {
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return false;
  target = descriptor;
  return true;
}

void report_for_command(const char* name) { command_name = name; }

void usage(const std::string& problem) {
  report("belfry-exec: " + problem + "; see belfry-exec --help");
  std::exit(exit_usage);
}

void fail(int error, const std::string& step) {
  report(std::string("cannot start ") + command_name + ": " + std::strerror(error) + " (" + step + ")");
  std::exit(error == ENOENT ? exit_not_found : exit_failed);
}
