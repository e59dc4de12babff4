#include "io/companion.hpp"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "io/exec_path.hpp"

namespace belfry::io {

namespace {

bool executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

}  // namespace

std::expected<std::string, std::string> find_companion(std::string_view name, std::string_view purpose) {
  const std::string program(name);
  std::array<char, PATH_MAX> self;
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size());
  std::string folder(self.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  folder.erase(folder.empty() ? 0 : folder.rfind('/'));
  for (const auto& path : {folder + "/" + program, folder + "/../libexec/belfry/" + program}) {
    if (executable(path)) return path;
  }
  const char* search_path = std::getenv("PATH");
  for (const auto& path : exec_candidates(program, search_path != nullptr ? search_path : default_search_path)) {
    if (executable(path)) return path;
  }
  return std::unexpected(program + ", " + std::string(purpose) + ", is neither in " + folder + " nor in " + folder +
                         "/../libexec/belfry nor in PATH; install it there");
}

}  // namespace belfry::io
