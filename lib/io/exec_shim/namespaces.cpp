#include "namespaces.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "report.hpp"

namespace {

constexpr const char* advice =
    "sandbox: only root with CAP_SYS_ADMIN may, or anybody where the system allows user namespaces: see "
    "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns in sysctl, and RestrictNamespaces= in "
    "belfryd's unit";

void write_map(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    fail(errno, std::string("sandbox: ") + path);
  }
  ::close(file);
}

std::string itself(unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1"; }

void unshare_as_anybody(int kinds) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | kinds) != 0) fail(errno, advice);
  write_map("/proc/self/setgroups", "deny");  // else the kernel refuses the map of groups
  write_map("/proc/self/uid_map", itself(uid));
  write_map("/proc/self/gid_map", itself(gid));
}

void unshare_all(int kinds, bool other_user) {
  if (::unshare(kinds) == 0) return;
  if (errno != EPERM || other_user) fail(errno, advice);
  unshare_as_anybody(kinds);
}

// What is mounted here stays here; what others mount is seen all the same.
void leave_propagation() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) fail(errno, "sandbox: the mounts");
}

void hide_tmp(const char* folder) {
  if (::mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0) return;
  if (errno != ENOENT) fail(errno, std::string("sandbox: private_tmp, ") + folder);
}

void make_read_only(const std::string& path) {
  if (::mount(path.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    fail(errno, "sandbox: read_only, " + path);
  }
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) != 0) {
    fail(errno, "sandbox: read_only, " + path + (errno == ENOSYS ? ": this needs Linux 5.12" : ""));
  }
}

void start_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;  // no IPv4 here: no loopback either
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) fail(errno, "sandbox: the loopback of its own network");
  ::close(socket);
}

}  // namespace

void enter_sandbox(const Sandbox& sandbox, bool other_user) {
  if (!sandbox.needed()) return;
  unshare_all((sandbox.mounts() ? CLONE_NEWNS : 0) | (sandbox.network ? 0 : CLONE_NEWNET), other_user);
  if (sandbox.mounts()) leave_propagation();
  for (const auto& path : sandbox.read_only) make_read_only(path);
  if (sandbox.private_tmp) {
    hide_tmp("/tmp");
    hide_tmp("/var/tmp");
  }
  if (!sandbox.network) start_loopback();
}
