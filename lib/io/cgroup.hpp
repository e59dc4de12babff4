// Control groups (cgroup v2) below our own: limits for all processes of a tree together, their usage, their end.
//
// A group can be made where the subtree below us has been handed over to us: by systemd with Delegate=yes, by a
// container, or because we are root where no systemd rules. The first group that asks for a limit makes us hand the
// controller down, and a group that hands controllers down must not hold processes itself: so all of ours move into a
// leaf then. Not earlier: systemd (before 254) cannot start a service again in a group that hands controllers down
// while jobs of the one before live in it: the unit takes them back (ExecStopPost=).
//
// Files of cgroupfs are no disk's, but the kernel takes locks for them that others may hold for milliseconds, and what
// moves processes waits for all processors. So every function here may block: they are for a thread pool. Any thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk_limits.hpp"
#include "io/survivors.hpp"

namespace belfry::io {

/// What the processes of a group may use, all together. Of a size or number `infinity`: without limit.
struct CgroupLimits {
  static constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();

  std::optional<std::uint64_t> memory_max{};       ///< bytes; beyond it the kernel kills processes of the group
  std::optional<std::uint64_t> memory_high{};      ///< bytes; beyond it they are slowed down
  std::optional<std::uint64_t> memory_swap_max{};  ///< bytes
  std::optional<std::uint64_t> cpu_quota{};        ///< percent of one processor
  std::optional<std::uint64_t> tasks_max{};        ///< processes and threads
  std::optional<int> cpu_weight{};                 ///< 1 to 10000; 100 is everybody's
  std::optional<int> io_weight{};                  ///< the same, at the disk
  DiskLimits disks{};                              ///< of what is read and written

  bool empty() const noexcept { return *this == CgroupLimits{}; }
  /// "memory", "cpu", "io", "pids": those of them that the limits need.
  std::vector<std::string_view> controllers() const;
  friend bool operator==(const CgroupLimits&, const CgroupLimits&) = default;
};

/// What the processes of a group have used, the dead ones included. None: the controller is not handed down.
struct CgroupUsage {
  std::chrono::microseconds user_cpu{};
  std::chrono::microseconds system_cpu{};
  std::optional<std::int64_t> memory_peak_bytes{};  ///< all together, with their page cache (Linux 5.19)
  std::optional<std::int64_t> read_bytes{};         ///< from block devices
  std::optional<std::int64_t> written_bytes{};
  std::int64_t oom_kills = 0;  ///< processes that the kernel killed because of memory_max
};

/// One group, by its folder.
class Cgroup {
 public:
  explicit Cgroup(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }

  /// The processes in it and in groups below that live. Zombies are not among them.
  std::vector<pid_t> members() const;

  /// Ends (SIGKILL) all of them, `but` excepted, in the group and in groups below, and waits until they are dead, for
  /// `patience` at most.
  Survivors kill(pid_t but, std::chrono::milliseconds patience) const;

  CgroupUsage usage() const;

  /// Writes the limits, after a look where the paths of the disks lead now. The error is a sentence.
  std::expected<void, std::string> limit(const CgroupLimits& limits) const;

  /// Takes it away, with the empty groups below. False: there are processes in it.
  bool remove() const;

 private:
  std::string path_;
};

/// The part of the tree of groups that is ours.
class CgroupSubtree {
 public:
  /// That of this process. The error is a sentence that says why there is none and what to do about it.
  static std::expected<CgroupSubtree, std::string> find();

  /// A folder that is known to be ours.
  explicit CgroupSubtree(std::string root) : root_(std::move(root)) {}

  const std::string& root() const noexcept { return root_; }

  /// Makes the group, or takes the one that is there; hands down the controllers that the limits need, and writes
  /// them. The error is a sentence.
  std::expected<Cgroup, std::string> make(std::string_view name, const CgroupLimits& limits) const;

  /// The group of that name; none: there is none.
  std::optional<Cgroup> existing(std::string_view name) const;

  /// The names of the groups that begin so.
  std::vector<std::string> names(std::string_view prefix) const;

 private:
  std::expected<void, std::string> hand_down(const CgroupLimits& limits) const;
  std::expected<void, std::string> move_into_leaf() const;

  std::string root_;
};

/// The group that our own processes move into.
inline constexpr std::string_view cgroup_leaf = "belfry-main";

/// Whether this machine has a mounted cgroup v2 with these controllers: the error is a sentence. Whether anything is
/// handed over to belfryd is not asked. For belfry lint.
std::expected<void, std::string> cgroups_may_be_had(const CgroupLimits& limits);

}  // namespace belfry::io
