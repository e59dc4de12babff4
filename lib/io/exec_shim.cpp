#include "io/exec_shim.hpp"

#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>

#include "io/exec_path.hpp"
#include "io/launch.hpp"

namespace belfry::io {

namespace {

std::string limit_text(std::uint64_t value) { return value == Rlimit::infinity ? "unlimited" : std::to_string(value); }

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 0777U);
  return text;
}

bool executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

}  // namespace

std::vector<std::string> shim_command(const std::string& shim, const ShimSteps& steps,
                                      const std::vector<std::string>& argv) {
  std::vector<std::string> command{shim, "--report-fd=" + std::to_string(report_fd)};
  for (const auto& [name, limit] : steps.rlimits) {
    command.push_back("--rlimit=" + name + "=" + limit_text(limit.soft) + ":" + limit_text(limit.hard));
  }
  if (steps.nice) command.push_back("--nice=" + std::to_string(*steps.nice));
  if (steps.umask) command.push_back("--umask=" + octal(*steps.umask));
  if (steps.no_new_privileges) command.emplace_back("--no-new-privileges");
  command.emplace_back("--");
  command.insert(command.end(), argv.begin(), argv.end());
  return command;
}

std::expected<std::string, std::string> find_shim() {
  char self[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self);
  std::string folder(self, length > 0 ? static_cast<std::size_t>(length) : 0);
  folder.erase(folder.empty() ? 0 : folder.rfind('/'));
  for (const auto& path : {folder + "/belfry-exec", folder + "/../libexec/belfry/belfry-exec"}) {
    if (executable(path)) return path;
  }
  const char* search_path = std::getenv("PATH");
  for (const auto& path : exec_candidates("belfry-exec", search_path != nullptr ? search_path : default_search_path)) {
    if (executable(path)) return path;
  }
  return std::unexpected("belfry-exec, which umask, nice, rlimits and no_new_privileges need, is neither in " + folder +
                         " nor in " + folder + "/../libexec/belfry nor in PATH; install it there");
}

}  // namespace belfry::io
