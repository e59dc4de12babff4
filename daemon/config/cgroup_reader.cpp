#include "daemon/config/cgroup_reader.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {
namespace {

constexpr std::uint64_t largest_size = std::uint64_t{1} << 50U;
constexpr std::uint64_t most_percent = 100'000;  // of a thousand processors
constexpr std::int64_t most_tasks = std::int64_t{1} << 22U;
constexpr std::int64_t most_operations = 1'000'000'000;
constexpr std::size_t most_paths = 100;

bool is_word(const Value& value, std::string_view word) {
  return value.node().kind == yaml::Node::Kind::scalar && value.node().text == word;
}

/// `read` makes a number of what is neither `unlimited` nor `none`.
template <class Read>
void read_limit(const MapReader& map, std::string_view key, std::optional<std::uint64_t>& limit, Read read) {
  const auto value = map.get(key);
  if (!value) return;
  if (value->is_none()) {
    limit.reset();
  } else if (is_word(*value, "unlimited")) {
    limit = io::CgroupLimits::infinity;
  } else if (const std::optional<std::uint64_t> number = read(*value)) {
    limit = number;
  }
}

std::optional<std::uint64_t> read_percentage(const Value& value) {
  static constexpr std::string_view expected = "a percentage of one processor from 1% to 100000%, such as 50% or 250%";
  const auto text = value.text(expected);
  if (!text) return std::nullopt;
  std::uint64_t percent = 0;
  bool plain = text->size() >= 2 && text->size() <= 7 && text->ends_with('%');
  for (std::size_t i = 0; plain && i + 1 < text->size(); ++i) {
    const char digit = (*text)[i];
    plain = digit >= '0' && digit <= '9';
    percent = percent * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (plain && percent >= 1 && percent <= most_percent) return percent;
  value.complain({"not a percentage", std::string(expected)});
  return std::nullopt;
}

void read_weight(const MapReader& map, std::string_view key, std::optional<int>& weight) {
  const auto value = map.get(key);
  if (!value) return;
  if (value->is_none()) {
    weight.reset();
  } else if (const auto number = value->integer(1, 10'000)) {
    weight = static_cast<int>(*number);
  }
}

/// Nothing: it is not absolute. /var/ is /var, so that a job changes what a default says of it.
std::optional<std::string> plain_path(std::string_view key) {
  if (!key.starts_with('/') || key.contains('\0')) return std::nullopt;
  std::string path = std::filesystem::path(key).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// `read` makes a number of what is not `unlimited`.
template <class Read>
void read_disk_limits(const MapReader& map, std::string_view key, std::string_view expected,
                      io::DiskLimits::ByPath& limits, Read read) {
  const auto value = map.get(key);
  if (!value) return;
  if (value->is_none()) {
    limits.clear();
    return;
  }
  if (!value->is_map(expected)) return;
  if (value->node().entries.empty()) value->complain({"this map is empty", std::string(expected)});
  std::set<std::string> given;
  for (const auto& entry : value->node().entries) {
    const Value limit = value->child(entry);
    const auto complain = [&](std::string message, std::string_view wanted) {
      value->errors().add(entry.place, limit.path(), {std::move(message), std::string(wanted)});
    };
    const auto path = plain_path(entry.key);
    if (!path) {
      complain(in_quotes(entry.key) + ": not an absolute path",
               "the path of a block device, or of a file or folder on one, such as /var");
    } else if (!given.insert(*path).second) {
      complain(in_quotes(*path) + " is given twice", "each path once");
    } else if (entry.value->kind == yaml::Node::Kind::null) {
      complain("no value is given", expected);
    } else if (is_word(limit, "unlimited")) {
      limits[*path] = io::DiskLimits::infinity;
    } else if (const std::optional<std::uint64_t> number = read(limit)) {
      limits[*path] = *number;
    }
  }
  if (limits.size() > most_paths) value->complain({"too many paths", "at most " + std::to_string(most_paths)});
}

}  // namespace

void read_cgroup(const Value& value, CgroupPolicy& cgroup) {
  if (value.is_none()) {
    cgroup = {};
    return;
  }
  if (!value.is_map("a map such as {memory_max: 512M, tasks_max: 100}, or none")) return;
  const MapReader map(value, cgroup_section);
  const auto size_from = [](std::uint64_t least) {
    return [least](const Value& given) { return given.size(least, largest_size); };
  };
  constexpr std::uint64_t one_page = 4096;
  read_limit(map, "memory_max", cgroup.limits.memory_max, size_from(one_page));
  read_limit(map, "memory_high", cgroup.limits.memory_high, size_from(one_page));
  read_limit(map, "memory_swap_max", cgroup.limits.memory_swap_max, size_from(0));
  read_limit(map, "cpu_quota", cgroup.limits.cpu_quota, read_percentage);
  const auto number_to = [](std::int64_t most) {
    return [most](const Value& given) {
      const auto number = given.integer(1, most);
      return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
    };
  };
  read_limit(map, "tasks_max", cgroup.limits.tasks_max, number_to(most_tasks));
  read_weight(map, "cpu_weight", cgroup.limits.cpu_weight);
  read_weight(map, "io_weight", cgroup.limits.io_weight);
  io::DiskLimits& disks = cgroup.limits.disks;
  constexpr std::string_view sizes = "a map of sizes by path, such as {/var: 10M}, or none";
  constexpr std::string_view numbers = "a map of numbers by path, such as {/var: 200}, or none";
  read_disk_limits(map, "io_read_max", sizes, disks.read_max, size_from(one_page));
  read_disk_limits(map, "io_write_max", sizes, disks.write_max, size_from(one_page));
  read_disk_limits(map, "io_read_iops_max", numbers, disks.read_iops_max, number_to(most_operations));
  read_disk_limits(map, "io_write_iops_max", numbers, disks.write_iops_max, number_to(most_operations));
  cgroup.place = value.place();
}

}  // namespace belfry::daemon
