#include "io/exec_shim.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "io/companion.hpp"
#include "io/launch.hpp"

namespace belfry::io {

namespace {

std::string limit_text(std::uint64_t value) { return value == Rlimit::infinity ? "unlimited" : std::to_string(value); }

std::string octal(mode_t mode) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "%04o", mode & 0777U);
  return text.data();
}

template <class List, class Text>
std::string joined(const List& list, Text text) {
  std::string all;
  for (const auto& item : list) all += (all.empty() ? "" : ",") + text(item);
  return all;
}

void add_surroundings(std::vector<std::string>& command, const ShimSteps& steps) {
  if (!steps.cgroup.empty()) command.push_back("--cgroup=" + steps.cgroup);
  if (steps.oom_score_adj) command.push_back("--oom-score-adj=" + std::to_string(*steps.oom_score_adj));
  if (const auto& io = steps.io_priority) {
    command.push_back("--ionice=" + std::to_string(io->priority_class) + ":" + std::to_string(io->level));
  }
  if (!steps.cpus.empty()) {
    command.push_back("--cpus=" + joined(steps.cpus, [](int cpu) { return std::to_string(cpu); }));
  }
  if (steps.nice) command.push_back("--nice=" + std::to_string(*steps.nice));
  for (const auto& path : steps.sandbox.read_only) command.push_back("--read-only=" + path);
  if (steps.sandbox.private_tmp) command.emplace_back("--private-tmp");
  if (!steps.sandbox.network) command.emplace_back("--no-network");
}

std::string user_text(const ShimUser& user) {
  return user.name + ":" + std::to_string(user.uid) + ":" + std::to_string(user.gid) + ":" +
         joined(user.groups, [](gid_t group) { return std::to_string(group); });
}

}  // namespace

std::vector<std::string> shim_command(const std::string& shim, const ShimSteps& steps,
                                      const std::vector<std::string>& argv) {
  std::vector<std::string> command{shim, "--report-fd=" + std::to_string(report_fd)};
  add_surroundings(command, steps);
  for (const auto& [name, limit] : steps.rlimits) {
    command.push_back("--rlimit=" + name + "=" + limit_text(limit.soft) + ":" + limit_text(limit.hard));
  }
  if (steps.umask) command.push_back("--umask=" + octal(*steps.umask));
  if (!steps.drop_capabilities.empty()) {
    command.push_back("--drop-capabilities=" + joined(steps.drop_capabilities, [](const auto& name) { return name; }));
  }
  if (steps.user) command.push_back("--user=" + user_text(*steps.user));
  if (steps.no_new_privileges) command.emplace_back("--no-new-privileges");
  if (!steps.working_dir.empty()) command.push_back("--working-dir=" + steps.working_dir);
  if (std::ranges::find(argv, script_path) != argv.end()) {
    command.push_back("--keep-fd=" + std::to_string(script_fd));
  }
  command.emplace_back("--");
  command.insert(command.end(), argv.begin(), argv.end());
  return command;
}

std::expected<std::string, std::string> find_shim() {
  return find_companion("belfry-exec", "which limits, nice, umask, user and the like need");
}

}  // namespace belfry::io
