#include "identity.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "report.hpp"

namespace {

constexpr const char* advice = ": only root may, or who has CAP_SETUID, CAP_SETGID and CAP_KILL";

std::string step_of(const Identity& who) { return "to run as the user " + who.name; }

std::vector<gid_t> sorted(std::vector<gid_t> groups) {
  std::ranges::sort(groups);
  const auto doubles = std::ranges::unique(groups);
  groups.erase(doubles.begin(), doubles.end());
  return groups;
}

std::vector<gid_t> current_groups() {
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> groups(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (::getgroups(static_cast<int>(groups.size()), groups.data()) < 0) groups.clear();
  return groups;
}

// The list may have the group itself or not: it makes no difference to what is allowed.
std::vector<gid_t> effective_groups(std::vector<gid_t> groups, gid_t gid) {
  groups.push_back(gid);
  return sorted(std::move(groups));
}

// Pipes belong to whoever made them, and /dev/stderr is opened anew by its name.
void hand_over_pipes(const Identity& who) {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    struct ::stat about{};
    if (::fstat(stream, &about) != 0 || !S_ISFIFO(about.st_mode)) continue;
    [[maybe_unused]] const int refused = ::fchown(stream, who.uid, who.gid);  // then only that does not work
  }
}

}  // namespace

bool is_user(const Identity& who) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  gid_t real_group = 0;
  gid_t effective_group = 0;
  gid_t saved_group = 0;
  if (::getresuid(&real, &effective, &saved) != 0) return false;
  if (::getresgid(&real_group, &effective_group, &saved_group) != 0) return false;
  return real == who.uid && effective == who.uid && saved == who.uid && real_group == who.gid &&
         effective_group == who.gid && saved_group == who.gid &&
         effective_groups(current_groups(), who.gid) == effective_groups(who.groups, who.gid);
}

void become_user(const Identity& who) {
  hand_over_pipes(who);
  if (::setgroups(who.groups.size(), who.groups.data()) != 0) fail(errno, step_of(who) + " and its groups" + advice);
  if (::setresgid(who.gid, who.gid, who.gid) != 0) fail(errno, step_of(who) + " and its group" + advice);
  if (::setresuid(who.uid, who.uid, who.uid) != 0) fail(errno, step_of(who) + advice);
  if (!is_user(who)) fail(EPERM, step_of(who) + ": the system did not do as it was told");
}
