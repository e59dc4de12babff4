// Which disk a path is on, with a sysfs of our own, and the lines of io.max.
#include "io/disk_limits.hpp"

#include <sys/sysmacros.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "io/cgroup.hpp"
#include "support/temp_dir.hpp"

using namespace belfry;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using io::DiskLimits;
using Lines = std::vector<std::string>;

namespace {

// The disk sda (8:0) with the partitions sda1 and sda2, nvme0n1 (259:0), cciss/c0d0 (104:0), and the volume dm-0
// (253:0).
struct Machine {
  test::TempDir temp;
  std::filesystem::path sysfs = temp.path() / "sys";
  std::map<std::string, dev_t> devices{
      {"/", ::makedev(8, 1)},        {"/var", ::makedev(8, 2)},     {"/var/lib", ::makedev(8, 2)},
      {"/dev/sda", ::makedev(8, 0)}, {"/data", ::makedev(259, 0)},  {"/home", ::makedev(253, 0)},
      {"/tmp", ::makedev(0, 35)},    {"/hidden", ::makedev(8, 17)},
  };

  Machine() {
    add("8:0", "sda");
    add("8:1", "sda/sda1", true);
    add("8:2", "sda/sda2", true);
    add("259:0", "nvme0n1");
    add("104:0", "cciss!c0d0");
    add("253:0", "dm-0");
  }

  void add(const std::string& number, const std::string& place, bool partition = false) const {
    const auto folder = sysfs / "devices/block" / place;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "dev") << number << '\n';
    if (partition) std::ofstream(folder / "partition") << "1\n";
    for (const auto& link : {sysfs / "dev/block" / number, sysfs / "class/block" / folder.filename()}) {
      std::filesystem::create_directories(link.parent_path());
      std::filesystem::create_directory_symlink(folder, link);
    }
  }

  std::expected<Lines, std::string> lines(const DiskLimits& limits) const {
    const auto device = [this](const std::string& path) -> std::expected<dev_t, int> {
      const auto found = devices.find(path);
      if (found == devices.end()) return std::unexpected(path.starts_with("/secret") ? EACCES : ENOENT);
      return found->second;
    };
    return io::io_max_lines(limits, {.sysfs = sysfs.string(), .device = device});
  }
};

}  // namespace

TEST_CASE("each disk has one line with its limits, and a partition stands for its disk", "[disk]") {
  const Machine machine;
  CHECK(machine.lines({}) == Lines{});
  CHECK(machine.lines({.read_max = {{"/", 1000}}}) == Lines{"8:0 rbps=1000"});
  CHECK(machine.lines({.read_max = {{"/var", 1000}, {"/data", 5}},
                       .write_max = {{"/dev/sda", 2000}},
                       .read_iops_max = {{"/home", 30}},
                       .write_iops_max = {{"/", DiskLimits::infinity}}}) ==
        Lines{"8:0 rbps=1000 wbps=2000 wiops=max", "253:0 riops=30", "259:0 rbps=5"});
}

TEST_CASE("of several limits for one disk the smallest holds, each kind by itself", "[disk]") {
  const Machine machine;
  CHECK(machine.lines({.read_max = {{"/", 500}, {"/var", 400}, {"/var/lib", DiskLimits::infinity}},
                       .write_max = {{"/", 7}, {"/var", 8}}}) == Lines{"8:0 rbps=400 wbps=7"});
}

TEST_CASE("the node of a disk that is hidden from us is known by its name in sysfs", "[disk]") {
  const Machine machine;
  CHECK(machine.lines({.read_max = {{"/dev/nvme0n1", 9}}}) == Lines{"259:0 rbps=9"});
  CHECK(machine.lines({.read_max = {{"/dev/sda2", 9}}}) == Lines{"8:0 rbps=9"});
  CHECK(machine.lines({.read_max = {{"/dev/cciss/c0d0", 9}}}) == Lines{"104:0 rbps=9"});
  CHECK_FALSE(machine.lines({.read_max = {{"/dev/sdz", 9}}}));
  CHECK_FALSE(machine.lines({.read_max = {{"/srv/nvme0n1", 9}}}));
}

TEST_CASE("a path without a disk is told with its key and with advice", "[disk]") {
  const Machine machine;
  CHECK(machine.lines({.write_max = {{"/nowhere", 1}}}).error() ==
        "io_write_max of /nowhere: No such file or directory: name a folder that is there, or a block device as "
        "/dev/sda");
  CHECK_THAT(machine.lines({.write_max = {{"/secret/x", 1}}}).error(), Contains("Permission denied"));
  CHECK(machine.lines({.read_iops_max = {{"/tmp", 1}}}).error() ==
        "io_read_iops_max of /tmp: its file system (such as tmpfs, overlay, btrfs, nfs) is not on one block device: "
        "name the device instead, as /dev/sda, or leave that limit out");
  CHECK_THAT(machine.lines({.write_iops_max = {{"/hidden", 1}}}).error(),
             StartsWith("io_write_iops_max of /hidden: it is on a block device that is not in ") &&
                 Contains("/dev/block/8:17: mount sysfs there"));
}

TEST_CASE("a group needs the controller io for them, and is not left behind when a path has no disk",
          "[disk][cgroup]") {
  const io::CgroupLimits limits{.disks = {.read_max = {{"/proc/self", 4096}}}};  // /proc is on no disk anywhere
  CHECK_FALSE(limits.empty());
  CHECK(limits.controllers() == std::vector<std::string_view>{"io"});
  const test::TempDir temp;
  std::ofstream(temp.path() / "cgroup.controllers") << "io\n";
  std::ofstream(temp.path() / "cgroup.subtree_control") << "io\n";
  const io::CgroupSubtree subtree(temp.path().string());
  const auto made = subtree.make("run", limits);
  REQUIRE_FALSE(made);
  CHECK_THAT(made.error(), StartsWith("io_read_max of /proc/self: its file system "));
  CHECK_FALSE(subtree.existing("run"));
}
