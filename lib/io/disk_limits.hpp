// Limits of the traffic with disks (io.max of cgroup v2): which disk a path is on, and what the kernel is to be told.
//
// The kernel counts by whole disk, people think in paths; so the way from the one to the other is made when a run
// starts, as after another mount it may lead elsewhere. A partition stands for its disk, as with systemd. A volume of
// LVM or LUKS is a disk of its own, unlike there: the limit is about it alone, not about all that share the disk below.
//
// Looking a path up may block, as long as a dead NFS does. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace belfry::io {

/// By absolute path: of a block device, or of any file or folder on a file system that is on one.
struct DiskLimits {
  static constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();
  using ByPath = std::map<std::string, std::uint64_t>;

  ByPath read_max{};        ///< bytes in each second; `infinity`: without limit
  ByPath write_max{};       ///< the same
  ByPath read_iops_max{};   ///< operations in each second
  ByPath write_iops_max{};  ///< the same

  bool empty() const noexcept { return *this == DiskLimits{}; }
  friend bool operator==(const DiskLimits&, const DiskLimits&) = default;
};

/// The number of the block device at a path, or of the one that its file system is on: with major 0 there is none.
/// The error is an errno.
std::expected<dev_t, int> device_at(const std::string& path);

/// Where to look, for tests.
struct DiskLookup {
  std::string sysfs = "/sys";
  std::function<std::expected<dev_t, int>(const std::string&)> device = device_at;
};

/// What to write into io.max: a line such as "8:0 rbps=1048576 wiops=100" for each disk. Of several limits of one kind
/// for one disk the smallest holds: each of them was asked for, and only so all of them are kept. The error is a
/// sentence that names the key and the path.
std::expected<std::vector<std::string>, std::string> io_max_lines(const DiskLimits& limits,
                                                                  const DiskLookup& lookup = {});

}  // namespace belfry::io
