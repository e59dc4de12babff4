#include "daemon/program.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <system_error>

#include "io/exec_path.hpp"

namespace belfry::daemon {
namespace {

constexpr const char* handover_variable = "BELFRY_HANDOVER";

bool is_this_program(const std::filesystem::path& path) {
  struct ::stat there{};
  struct ::stat here{};
  return ::stat(path.c_str(), &there) == 0 && ::stat("/proc/self/exe", &here) == 0 && there.st_dev == here.st_dev &&
         there.st_ino == here.st_ino;
}

std::filesystem::path path_of(const char* name) {
  const char* const search = std::getenv("PATH");
  for (const std::string& candidate : io::exec_candidates(name, search == nullptr ? io::default_search_path : search)) {
    const std::filesystem::path path = std::filesystem::absolute(candidate);
    if (is_this_program(path)) return path;
  }
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown);  // started by another name than its own
}

/// The descriptor if it is open; it is not for jobs.
int received(int fd) { return fd > STDERR_FILENO && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1; }

void keep_open(int fd, bool open) {
  if (fd >= 0) ::fcntl(fd, F_SETFD, open ? 0 : FD_CLOEXEC);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (std::string& string : strings) list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

Program this_program(int argc, char** argv) {
  Program program{.path = path_of(argc > 0 ? argv[0] : ""), .arguments = {argv, argv + argc}, .environment = {}};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with(std::string(handover_variable) + "=")) program.environment.emplace_back(text);
  }
  return program;
}

Handover take_handover() {
  Handover handover;
  const char* const text = std::getenv(handover_variable);
  if (text == nullptr) return handover;
  pid_t predecessor = 0;
  std::istringstream(text) >> predecessor >> handover.control >> handover.metrics;
  ::unsetenv(handover_variable);
  if (predecessor != ::getpid()) return {};  // inherited by mistake: the numbers mean nothing here
  return {.control = received(handover.control), .metrics = received(handover.metrics), .upgraded = true};
}

int become(const Program& program, const Handover& handover) {
  std::vector<std::string> arguments = program.arguments;
  std::vector<std::string> environment = program.environment;
  environment.push_back(std::string(handover_variable) + "=" + std::to_string(::getpid()) + " " +
                        std::to_string(handover.control) + " " + std::to_string(handover.metrics));
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // libraries open some that are not
  keep_open(handover.control, true);
  keep_open(handover.metrics, true);
  ::execve(program.path.c_str(), argv.data(), envp.data());
  const int error = errno;
  keep_open(handover.control, false);
  keep_open(handover.metrics, false);
  return error;
}

}  // namespace belfry::daemon
