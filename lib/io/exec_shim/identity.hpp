// Becoming another user, for good: nothing of what the daemon may do is left.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

struct Identity {
  std::string name;  ///< for messages
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< the supplementary ones, all of them
};

/// Whether this process is that user already, with that group and those groups.
bool is_user(const Identity& who);

/// Hands the pipes at 1 and 2 to the user, who could not open /dev/stdout otherwise; then takes its groups, its group,
/// its number, in this order. Looks whether it is so, and ends the process if it is not.
void become_user(const Identity& who);
