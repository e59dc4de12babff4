#include "io/disk_limits.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "io/launch.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

struct Kind {
  std::string_view key;   // as the configuration calls it
  std::string_view word;  // as the kernel does
  DiskLimits::ByPath DiskLimits::* limits;
};

constexpr std::array kinds{
    Kind{"io_read_max", "rbps", &DiskLimits::read_max},
    Kind{"io_write_max", "wbps", &DiskLimits::write_max},
    Kind{"io_read_iops_max", "riops", &DiskLimits::read_iops_max},
    Kind{"io_write_iops_max", "wiops", &DiskLimits::write_iops_max},
};

using Disk = std::pair<unsigned, unsigned>;  // major and minor, so that lines are in the order of numbers

std::string number_text(const Disk& disk) { return std::to_string(disk.first) + ":" + std::to_string(disk.second); }

/// Of a file with "8:0\n".
std::expected<Disk, int> disk_in(const std::string& file) {
  const std::string text = read_proc(file);
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::unexpected(ENOENT);
  const auto number = [](const std::string& digits) {
    return static_cast<unsigned>(std::strtoul(digits.c_str(), nullptr, 10));
  };
  return Disk{number(text.substr(0, colon)), number(text.substr(colon + 1))};
}

/// A service with PrivateDevices=, as ours is, does not see the nodes of disks. Their names are in sysfs all the same.
std::expected<Disk, int> disk_by_name(const std::string& path, const std::string& sysfs) {
  static constexpr std::string_view devices = "/dev/";
  if (!path.starts_with(devices)) return std::unexpected(ENOENT);
  std::string name = path.substr(devices.size());
  std::ranges::replace(name, '/', '!');  // as the kernel does with cciss/c0d0
  return disk_in(sysfs + "/class/block/" + name + "/dev");
}

std::expected<Disk, std::string> disk_of(const std::string& path, const DiskLookup& lookup) {
  const auto device = lookup.device(path);
  std::expected<Disk, int> disk = std::unexpected(device ? 0 : device.error());
  if (device) disk = Disk{::major(*device), ::minor(*device)};
  if (!disk && disk.error() == ENOENT) disk = disk_by_name(path, lookup.sysfs);
  if (!disk) {
    return std::unexpected(error_text(disk.error()) + ": name a folder that is there, or a block device as /dev/sda");
  }
  if (disk->first == 0) {
    return std::unexpected(
        "its file system (such as tmpfs, overlay, btrfs, nfs) is not on one block device: name the device instead, as "
        "/dev/sda, or leave that limit out");
  }
  const std::string entry = lookup.sysfs + "/dev/block/" + number_text(*disk);
  if (::access((entry + "/partition").c_str(), F_OK) == 0) {  // the kernel makes its folder below that of the disk
    disk = disk_in(entry + "/../dev");
    if (disk) return *disk;
  } else if (::access(entry.c_str(), F_OK) == 0) {
    return *disk;
  }
  return std::unexpected("it is on a block device that is not in " + entry +
                         ": mount sysfs there, name another path, or leave that limit out");
}

}  // namespace

std::expected<dev_t, int> device_at(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::unexpected(errno);
  return S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
}

std::expected<std::vector<std::string>, std::string> io_max_lines(const DiskLimits& limits, const DiskLookup& lookup) {
  static constexpr std::size_t kind_count = kinds.size();
  std::map<Disk, std::array<std::optional<std::uint64_t>, kind_count>> disks;
  for (std::size_t i = 0; i < kind_count; ++i) {
    for (const auto& [path, limit] : limits.*kinds[i].limits) {
      const auto disk = disk_of(path, lookup);
      if (!disk) return std::unexpected(std::string(kinds[i].key) + " of " + path + ": " + disk.error());
      auto& smallest = disks[*disk][i];
      smallest = std::min(smallest.value_or(limit), limit);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [disk, values] : disks) {
    std::string line = number_text(disk);
    for (std::size_t i = 0; i < kind_count; ++i) {
      if (!values[i]) continue;
      line += " " + std::string(kinds[i].word) + "=";
      line += *values[i] == DiskLimits::infinity ? "max" : std::to_string(*values[i]);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace belfry::io
