#include "io/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <mutex>
#include <ranges>
#include <set>
#include <utility>

#include "io/cgroup_place.hpp"
#include "io/fd.hpp"
#include "io/launch.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

constexpr int move_rounds = 100;
constexpr int kill_rounds = 100;
constexpr int deepest = 32;  // groups that a job has made below its own

/// 0, or errno.
int write_file(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// The value behind a word in lines of "word value", the sum where it stands several times, and in lines of
/// "device word=value word=value".
std::int64_t sum_of(std::string_view text, std::string_view word) {
  std::int64_t sum = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ';
    const std::size_t end = at + word.size();
    if (!begins || end >= text.size() || (text[end] != ' ' && text[end] != '=')) continue;
    sum += number_in<std::int64_t>(text.substr(end + 1)).value_or(0);
  }
  return sum;
}

std::vector<std::string> groups_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(path.c_str()), ::closedir);
  if (!opened) return names;
  while (const dirent* entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

void add_members(const std::string& path, int depth, std::vector<pid_t>& members) {
  const std::string text = read_proc(path + "/cgroup.procs");
  for (const auto line : std::views::split(text, '\n')) {
    const auto pid = number_in<pid_t>(std::string_view(line.begin(), line.end()));
    if (pid && *pid > 0) members.push_back(*pid);
  }
  if (depth == 0) return;
  for (const std::string& name : groups_in(path)) add_members(path + "/" + name, depth - 1, members);
}

bool remove_below(const std::string& path, int depth) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
  if (depth == 0) return false;
  for (const std::string& name : groups_in(path)) remove_below(path + "/" + name, depth - 1);
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

/// The kernel tells of every change of cgroup.events.
bool wait_until_empty(const std::string& path, std::chrono::milliseconds patience) {
  const Fd events(::open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) return !exists(path);
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::array<char, 128> text{};
    const ssize_t got = ::pread(events.get(), text.data(), text.size() - 1, 0);
    if (got <= 0 || sum_of(text.data(), "populated") == 0) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd changed{events.get(), POLLPRI, 0};
    if (::poll(&changed, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
  }
}

struct Setting {
  std::string file;
  std::string value;
};

std::string size_text(std::uint64_t value) { return value == CgroupLimits::infinity ? "max" : std::to_string(value); }

std::vector<Setting> settings_of(const CgroupLimits& limits, const std::string& path) {
  std::vector<Setting> settings;
  const auto add_size = [&settings](const char* file, const std::optional<std::uint64_t>& value) {
    if (value) settings.push_back({file, size_text(*value)});
  };
  add_size("memory.high", limits.memory_high);
  add_size("memory.max", limits.memory_max);
  add_size("memory.swap.max", limits.memory_swap_max);
  add_size("pids.max", limits.tasks_max);
  if (limits.cpu_quota) {
    constexpr std::uint64_t period = 100'000;  // microseconds; the kernel's own default
    const bool none = *limits.cpu_quota == CgroupLimits::infinity;
    settings.push_back({"cpu.max", (none ? "max" : std::to_string(*limits.cpu_quota * (period / 100))) + " " +
                                       std::to_string(period)});
  }
  if (limits.cpu_weight) settings.push_back({"cpu.weight", std::to_string(*limits.cpu_weight)});
  if (limits.io_weight) {
    const int weight = *limits.io_weight;
    if (!exists(path + "/io.weight") && exists(path + "/io.bfq.weight")) {  // which goes to 1000
      settings.push_back({"io.bfq.weight", std::to_string(weight <= 100 ? weight : 100 + (weight - 100) / 11)});
    } else {
      settings.push_back({"io.weight", "default " + std::to_string(weight)});
    }
  }
  return settings;
}

/// One at a time: two that hand down at once would move each other's processes.
std::mutex& hand_down_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

std::vector<std::string_view> CgroupLimits::controllers() const {
  std::vector<std::string_view> needed;
  if (memory_max || memory_high || memory_swap_max) needed.emplace_back("memory");
  if (cpu_quota || cpu_weight) needed.emplace_back("cpu");
  if (io_weight || !disks.empty()) needed.emplace_back("io");
  if (tasks_max) needed.emplace_back("pids");
  return needed;
}

std::vector<pid_t> Cgroup::members() const {
  std::vector<pid_t> members;
  add_members(path_, deepest, members);
  return members;
}

Survivors Cgroup::kill(pid_t but, std::chrono::milliseconds patience) const {
  Survivors survivors;
  std::vector<NamedProcess> found;
  std::set<pid_t> seen{but};
  const auto look = [&] {
    for (const pid_t pid : members()) {
      if (seen.insert(pid).second) found.push_back({.pid = pid, .name = read_stat(pid).value_or(ProcStat{}).name});
    }
  };
  look();
  bool empty = false;
  if (write_file(path_ + "/cgroup.kill", "1") == 0) {
    empty = wait_until_empty(path_, patience);
  } else {  // before Linux 5.14
    const auto until = std::chrono::steady_clock::now() + patience;
    for (int round = 0; round < kill_rounds && !empty && std::chrono::steady_clock::now() < until; ++round) {
      for (const pid_t pid : members()) ::kill(pid, SIGKILL);
      empty = wait_until_empty(path_, patience / kill_rounds);
      look();
    }
  }
  std::set<pid_t> alive;
  if (!empty) {
    const auto members_left = members();
    alive.insert(members_left.begin(), members_left.end());
  }
  for (NamedProcess& process : found) {
    if (alive.contains(process.pid)) {
      survivors.add_left(std::move(process));
    } else {
      survivors.add_ended(std::move(process));
    }
  }
  return survivors;
}

CgroupUsage Cgroup::usage() const {
  CgroupUsage usage;
  const std::string cpu = read_proc(path_ + "/cpu.stat");
  usage.user_cpu = std::chrono::microseconds(sum_of(cpu, "user_usec"));
  usage.system_cpu = std::chrono::microseconds(sum_of(cpu, "system_usec"));
  usage.memory_peak_bytes = number_in<std::int64_t>(read_proc(path_ + "/memory.peak"));
  if (exists(path_ + "/io.stat")) {
    const std::string io = read_proc(path_ + "/io.stat");
    usage.read_bytes = sum_of(io, "rbytes");
    usage.written_bytes = sum_of(io, "wbytes");
  }
  usage.oom_kills = sum_of(read_proc(path_ + "/memory.events"), "oom_kill");
  return usage;
}

std::expected<void, std::string> Cgroup::limit(const CgroupLimits& limits) const {
  std::vector<Setting> settings = settings_of(limits, path_);
  const auto lines = io_max_lines(limits.disks);
  if (lines) {
    for (const std::string& line : *lines) settings.push_back({"io.max", line});  // it takes one at a time
  }
  for (const Setting& setting : settings) {
    const int error = write_file(path_ + "/" + setting.file, setting.value);
    if (error == 0) continue;
    return std::unexpected(error == ENOENT ? "this kernel has no " + setting.file + ": leave that limit out"
                                           : "the kernel refuses " + setting.value + " for " + setting.file + ": " +
                                                 error_text(error));
  }
  if (!lines) return std::unexpected(lines.error());  // last: a run that is adopted keeps its other limits
  return {};
}

bool Cgroup::remove() const { return remove_below(path_, deepest); }

std::expected<CgroupSubtree, std::string> CgroupSubtree::find() {
  auto root = delegated_cgroup();
  if (!root) return std::unexpected(std::move(root.error()));
  return CgroupSubtree(*std::move(root));
}

std::expected<Cgroup, std::string> CgroupSubtree::make(std::string_view name, const CgroupLimits& limits) const {
  const auto handed = hand_down(limits);
  if (!handed) return std::unexpected(handed.error());
  Cgroup group(root_ + "/" + std::string(name));
  if (::mkdir(group.path().c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected("cannot make the control group " + group.path() + ": " + error_text(errno));
  }
  auto limited = group.limit(limits);
  if (limited) return group;
  group.remove();
  return std::unexpected(std::move(limited.error()));
}

std::optional<Cgroup> CgroupSubtree::existing(std::string_view name) const {
  Cgroup group(root_ + "/" + std::string(name));
  return exists(group.path()) ? std::optional(std::move(group)) : std::nullopt;
}

std::vector<std::string> CgroupSubtree::names(std::string_view prefix) const {
  std::vector<std::string> names = groups_in(root_);
  std::erase_if(names, [prefix](const std::string& name) { return !name.starts_with(prefix); });
  return names;
}

std::expected<void, std::string> CgroupSubtree::hand_down(const CgroupLimits& limits) const {
  const std::scoped_lock lock(hand_down_mutex());
  const std::string control = root_ + "/cgroup.subtree_control";
  const std::string there = " " + words_of_file(root_ + "/cgroup.controllers") + " ";
  const std::string handed = " " + words_of_file(control) + " ";
  std::string missing;
  for (const std::string_view controller : limits.controllers()) {
    const std::string word = " " + std::string(controller) + " ";
    if (!there.contains(word)) return std::unexpected(no_controller(controller, root_));
    if (!handed.contains(word)) missing += (missing.empty() ? "+" : " +") + std::string(controller);
  }
  if (missing.empty()) return {};
  int error = 0;
  for (int round = 0; round < move_rounds; ++round) {
    if (exists(root_ + "/cgroup.type")) {  // else it is the root of all, which may hold processes
      auto moved = move_into_leaf();
      if (!moved) return moved;
    }
    error = write_file(control, missing);
    if (error != EBUSY) break;  // somebody forked meanwhile, in the group
  }
  if (error == 0) return {};
  return std::unexpected("the control group " + root_ + " does not hand down " + missing + ": " + error_text(error));
}

std::expected<void, std::string> CgroupSubtree::move_into_leaf() const {
  const std::string leaf = root_ + "/" + std::string(cgroup_leaf);
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected("cannot make the control group " + leaf + ": " + error_text(errno));
  }
  std::vector<pid_t> inside;
  add_members(root_, 0, inside);
  for (const pid_t pid : inside) {
    const int error = write_file(leaf + "/cgroup.procs", std::to_string(pid));
    if (error != 0 && error != ESRCH) {
      return std::unexpected("cannot move process " + std::to_string(pid) + " into the control group " + leaf + ": " +
                             error_text(error));
    }
  }
  return {};
}

}  // namespace belfry::io
