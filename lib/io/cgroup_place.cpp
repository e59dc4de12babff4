#include "io/cgroup_place.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <sstream>
#include <vector>

#include "io/cgroup.hpp"
#include "io/proc_file.hpp"

namespace belfry::io {

namespace {

struct Mount {
  std::string root;   // which part of the tree is mounted
  std::string point;  // and where
};

/// Of lines such as "35 24 0:29 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw". It may be mounted several
/// times, and what is mounted last hides the others.
std::optional<Mount> mount_of_cgroups() {
  std::istringstream lines(read_proc("/proc/self/mountinfo"));
  std::optional<Mount> found;
  for (std::string line; std::getline(lines, line);) {
    if (!line.contains(" - cgroup2 ")) continue;
    std::istringstream words(line);
    std::string skipped;
    Mount mount;
    words >> skipped >> skipped >> skipped >> mount.root >> mount.point;
    if (::access((mount.point + "/cgroup.controllers").c_str(), R_OK) == 0) found = std::move(mount);
  }
  return found;
}

/// "0::/system.slice/belfryd.service" is the line of cgroup v2.
std::optional<std::string> own_place() {
  std::istringstream lines(read_proc("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return std::nullopt;
}

std::string folder_of(const Mount& mount, std::string place) {
  if (mount.root != "/" && place.starts_with(mount.root)) place.erase(0, mount.root.size());
  while (place.ends_with('/')) place.pop_back();
  return mount.point + place;
}

/// How systemd says that it keeps off.
bool is_marked(const std::string& folder) {
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    std::array<char, 8> value{};
    if (::getxattr(folder.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1') return true;
  }
  return false;
}

bool is_writable(const std::string& folder) {
  return ::access(folder.c_str(), W_OK) == 0 && ::access((folder + "/cgroup.procs").c_str(), W_OK) == 0 &&
         ::access((folder + "/cgroup.subtree_control").c_str(), W_OK) == 0;
}

/// Others may write there only if it was handed over to them; root may write anywhere.
bool is_handed_over(const std::string& folder) {
  if (!is_writable(folder)) return false;
  const bool under_systemd = ::access("/run/systemd/system", F_OK) == 0;
  const bool root_of_all = ::access((folder + "/cgroup.type").c_str(), F_OK) != 0;
  return ::geteuid() != 0 || !under_systemd || root_of_all || is_marked(folder);
}

constexpr const char* advice =
    ": let systemd start belfryd, with Delegate=yes in its unit as belfry installs it, or leave the limits out";

}  // namespace

std::expected<std::string, std::string> delegated_cgroup() {
  const auto mount = mount_of_cgroups();
  const auto place = own_place();
  if (!mount || !place) {
    return std::unexpected(
        "no cgroup v2 is mounted on this machine: boot it with systemd.unified_cgroup_hierarchy=1, or leave the limits "
        "out");
  }
  std::string own = folder_of(*mount, *place);
  std::string above = own.substr(0, own.rfind('/'));
  // In a leaf of ours, or of DelegateSubgroup=, the part that was handed over begins one above.
  const bool in_leaf = own.ends_with("/" + std::string(cgroup_leaf));
  if (own.size() > mount->point.size() && (in_leaf || (!is_marked(own) && is_marked(above))) && is_writable(above)) {
    return above;
  }
  if (is_handed_over(own)) return own;
  return std::unexpected("the control group " + own + ", where belfryd runs, is not handed over to it" + advice);
}

std::string words_of_file(const std::string& path) {
  std::istringstream words(read_proc(path));
  std::string joined;
  for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

std::string no_controller(std::string_view controller, const std::string& root) {
  return "the control group " + root + ", where belfryd runs, does not have the controller " + std::string(controller) +
         advice;
}

std::expected<void, std::string> cgroups_may_be_had(const CgroupLimits& limits) {
  const auto mount = mount_of_cgroups();
  if (!mount) return std::unexpected("no cgroup v2 is mounted on this machine");
  const std::string there = " " + words_of_file(mount->point + "/cgroup.controllers") + " ";
  for (const std::string_view controller : limits.controllers()) {
    if (!there.contains(" " + std::string(controller) + " ")) {
      return std::unexpected("this machine's cgroup v2 does not have the controller " + std::string(controller));
    }
  }
  return {};
}

}  // namespace belfry::io
