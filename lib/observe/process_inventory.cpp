#include "observe/process_inventory.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

namespace belfry::observe {

namespace {

namespace fs = std::filesystem;

std::optional<int> number_of(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Calls `take` with the number and the path of each entry of a folder of /proc whose name is a number.
template <class Take>
void for_each_number(const fs::path& folder, const Take& take) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (const auto number = number_of(entry->path().filename().string())) take(*number, entry->path());
  }
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Of /proc/PID/stat: the letter behind the name, which may hold anything.
bool has_ended(pid_t pid) {
  const std::string stat = first_line("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.substr(name_end).starts_with(") Z");
}

}  // namespace

ProcessInventory ProcessInventory::take() {
  ProcessInventory found;
  const fs::path own = "/proc/self/fd";
  for_each_number(own, [&](int fd, const fs::path& path) {
    std::error_code error;
    const std::string target = fs::read_symlink(path, error).string();
    const bool reads_them = target == "/proc/" + std::to_string(::getpid()) + "/fd";
    if (!error && !reads_them) found.descriptors.emplace(fd, target);
  });
  for_each_number("/proc/self/task", [&](int thread, const fs::path& path) {
    found.threads.emplace(thread, first_line(path / "comm"));
    std::ifstream children(path / "children");
    for (pid_t child = 0; children >> child;) {
      found.children.emplace(
          child, Child{.name = first_line("/proc/" + std::to_string(child) + "/comm"), .ended = has_ended(child)});
    }
  });
  return found;
}

std::vector<std::string> ProcessInventory::since(const ProcessInventory& before) const {
  std::vector<std::string> lines;
  for (const auto& [fd, what] : descriptors) {
    if (!before.descriptors.contains(fd)) lines.push_back("descriptor " + std::to_string(fd) + ": " + what);
  }
  for (const auto& [pid, child] : children) {
    if (before.children.contains(pid)) continue;
    lines.push_back("process " + std::to_string(pid) + ": " + child.name + (child.ended ? ", which has ended" : ""));
  }
  const auto first = threads.find(::getpid());
  for (const auto& [thread, name] : threads) {
    if (before.threads.contains(thread) || (first != threads.end() && name == first->second)) continue;
    lines.push_back("thread " + std::to_string(thread) + ": " + name);
  }
  return lines;
}

void tell_leftovers(Log& log, const ProcessInventory& before, std::string_view lives_on) {
  constexpr std::size_t most = 20;
  ProcessInventory now = ProcessInventory::take();
  std::erase_if(now.children, [&](const auto& child) { return child.second.name == lives_on; });
  const std::vector<std::string> left = now.since(before);
  for (std::size_t i = 0; i < std::min(left.size(), most); ++i) {
    log.warning("left behind at the end: please report this as a bug of belfry", {{"what", left[i]}});
  }
  if (left.size() > most) log.warning("more was left behind at the end", {{"count", left.size() - most}});
}

}  // namespace belfry::observe
