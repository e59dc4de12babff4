#include "jobs/tree_report.hpp"

#include <algorithm>

namespace belfry::jobs {

namespace {

/// A process names itself as it likes.
std::string plain(std::string_view name) {
  std::string text(name.empty() ? "?" : name);
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string fate(const io::Survivors& survivors) {
  if (survivors.left == 0) return survivors.ended == 1 ? "was ended" : "were ended";
  if (survivors.ended == 0) return "could not be ended";
  return std::to_string(survivors.left) + " of them could not be ended";
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view units = "KMGT";
  std::size_t unit = 0;
  while (unit < units.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + (unit == 0 ? "" : std::string(1, units[unit - 1]));
}

}  // namespace

std::string outlived(const io::Survivors& survivors) {
  const int count = survivors.count();
  std::string text =
      std::to_string(count) + (count == 1 ? " process" : " processes") + " outlived it and " + fate(survivors) + ": ";
  bool first = true;
  for (const io::NamedProcess& process : survivors.named) {
    text += (first ? "" : ", ") + plain(process.name) + " (pid " + std::to_string(process.pid) + ")";
    first = false;
  }
  const auto unnamed = static_cast<std::size_t>(count) - survivors.named.size();
  if (unnamed > 0) text += " and " + std::to_string(unnamed) + " more";
  return text;
}

std::string out_of_memory(const io::CgroupUsage& usage, const ExecSpec& spec) {
  const auto& limit = spec.cgroup.memory_max;
  const std::string reason = limit && *limit != io::CgroupLimits::infinity
                                 ? "its cgroup.memory_max of " + size_text(*limit) + " was reached"
                                 : "there was no more memory for its control group";
  return "out of memory: " + reason + ", and the kernel killed " + std::to_string(usage.oom_kills) +
         (usage.oom_kills == 1 ? " process" : " processes") + " of it";
}

void report_usage(const io::CgroupUsage& group, ledger::ResourceUsage& usage) {
  usage.user_cpu = group.user_cpu;
  usage.system_cpu = group.system_cpu;
  if (group.memory_peak_bytes) usage.memory_peak_bytes = group.memory_peak_bytes;
  if (group.read_bytes) usage.read_bytes = *group.read_bytes;
  if (group.written_bytes) usage.written_bytes = *group.written_bytes;
}

void add_sentence(std::string& message, std::string_view sentence) {
  if (!message.empty()) message += "; ";
  message += sentence;
}

}  // namespace belfry::jobs
