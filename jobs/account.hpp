// Accounts: what the system's user database says of whom a program shall run as.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>
#include <vector>

namespace belfry::jobs {

/// As written: each is a name, or a number for what has no name.
struct AccountRequest {
  std::string user;
  std::string group{};                              ///< empty: the user's own
  std::vector<std::string> supplementary_groups{};  ///< besides those that have the user as a member
};

struct Account {
  std::string name;  ///< the number when the database does not have it
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all supplementary ones, as initgroups(3) would set them, with those asked for
  std::string home;           ///< empty when the database does not know it, and so is shell
  std::string shell;
};

/// Looks it up (nsswitch.conf). The error is a sentence, with the nearest name in it. BLOCKS, for as long as a
/// directory server likes: call it beside the loop. Any thread.
std::expected<Account, std::string> find_account(const AccountRequest& request);

/// Whether it is one, as text: digits up to 4294967294; the number above means "no change" to the kernel.
bool is_account_number(const std::string& text);

/// HOME, LOGNAME, USER and SHELL, as cron and login set them: of what the database knows. An account that nobody logs
/// in to (its shell is nologin or false) gets /bin/sh.
std::vector<std::pair<std::string, std::string>> account_environment(const Account& account);

}  // namespace belfry::jobs
