#include "jobs/account.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "time/suggest.hpp"

namespace belfry::jobs {

namespace {

constexpr std::size_t most_memory = std::size_t{16} << 20U;  // of one entry: groups of many thousand members exist
constexpr std::uint32_t highest = 0xFFFF'FFFE;
constexpr std::size_t most_names = 1'000;  // that a wrong one is compared with

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > highest) return std::nullopt;
  return value;
}

/// What is found for a key by one of getpwnam_r(3) and its like; `take` copies it while its memory is there. The error
/// is an errno, 0: there is none.
template <class Entry, class Result, class Look, class Take>
std::expected<Result, int> look_up(const Look& look, const Take& take) {
  for (std::size_t size = 4096; size <= most_memory; size *= 4) {
    const auto memory = std::make_unique_for_overwrite<char[]>(size);  // NOLINT(*-avoid-c-arrays)
    Entry entry{};
    Entry* found = nullptr;
    const int error = look(&entry, memory.get(), size, &found);
    if (error == ERANGE) continue;
    if (found != nullptr) return take(*found);
    // "Not found" has several numbers (getpwnam(3), NOTES).
    const bool missing = error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
    return std::unexpected(missing ? 0 : error);
  }
  return std::unexpected(ERANGE);
}

Account account_of(const passwd& entry) {
  return {.name = entry.pw_name,
          .uid = entry.pw_uid,
          .gid = entry.pw_gid,
          .groups = {},
          .home = entry.pw_dir,
          .shell = entry.pw_shell};
}

std::expected<Account, int> find_user(const std::string& user) {
  const auto number = number_of(user);
  return look_up<passwd, Account>(
      [&](passwd* entry, char* memory, std::size_t size, passwd** found) {
        return number ? ::getpwuid_r(*number, entry, memory, size, found)
                      : ::getpwnam_r(user.c_str(), entry, memory, size, found);
      },
      account_of);
}

std::expected<gid_t, int> find_group(const std::string& group) {
  if (const auto number = number_of(group)) return *number;
  return look_up<struct group, gid_t>(
      [&](struct group* entry, char* memory, std::size_t size, struct group** found) {
        return ::getgrnam_r(group.c_str(), entry, memory, size, found);
      },
      [](const struct group& entry) { return entry.gr_gid; });
}

/// The names of a local database, the first field of each line: a directory server may have a million.
std::vector<std::string> local_names(const char* path) {
  std::vector<std::string> names;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path, "re"), [](std::FILE* open) { return open == nullptr ? 0 : std::fclose(open); });
  if (!file) return names;
  char* line = nullptr;
  std::size_t size = 0;
  while (names.size() < most_names && ::getline(&line, &size, file.get()) >= 0) {
    const std::string text(line);
    if (const auto colon = text.find(':'); colon != std::string::npos && colon > 0)
      names.push_back(text.substr(0, colon));
  }
  std::free(line);  // NOLINT(*-no-malloc): getline's
  return names;
}

std::string sentence(const char* what, const std::string& name, int error, const char* path) {
  const std::string quoted = std::string(what) + " \"" + name + "\"";
  if (error != 0) {
    return "the " + quoted + " could not be looked up: " + std::generic_category().message(error);
  }
  const auto hint = time::did_you_mean(name, local_names(path));
  return "there is no " + quoted + "; " + (hint.empty() ? "create it, or name another one" : hint);
}

std::string user_sentence(const std::string& name, int error) { return sentence("user", name, error, "/etc/passwd"); }
std::string group_sentence(const std::string& name, int error) { return sentence("group", name, error, "/etc/group"); }

std::vector<gid_t> groups_of(const std::string& user, gid_t gid) {
  int count = 64;
  std::vector<gid_t> groups;
  do {
    groups.resize(static_cast<std::size_t>(count));
  } while (::getgrouplist(user.c_str(), gid, groups.data(), &count) < 0 &&
           static_cast<std::size_t>(count) > groups.size());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return groups;
}

bool is_for_logins(const std::string& shell) {
  return !shell.empty() && !shell.ends_with("/nologin") && !shell.ends_with("/false");
}

}  // namespace

bool is_account_number(const std::string& text) { return number_of(text).has_value(); }

std::expected<Account, std::string> find_account(const AccountRequest& request) {
  const auto found = find_user(request.user);
  const auto number = number_of(request.user);
  if (!found && (found.error() != 0 || !number)) return std::unexpected(user_sentence(request.user, found.error()));
  Account account =
      found ? *found : Account{.name = request.user, .uid = *number, .gid = 0, .groups = {}, .home = {}, .shell = {}};
  if (!found && request.group.empty()) {
    return std::unexpected("the user database has no user " + request.user + ", so the group must be given, too");
  }
  if (!request.group.empty()) {
    const auto group = find_group(request.group);
    if (!group) return std::unexpected(group_sentence(request.group, group.error()));
    account.gid = *group;
  }
  account.groups = found ? groups_of(account.name, account.gid) : std::vector{account.gid};
  for (const auto& name : request.supplementary_groups) {
    const auto group = find_group(name);
    if (!group) return std::unexpected(group_sentence(name, group.error()));
    if (std::ranges::find(account.groups, *group) == account.groups.end()) account.groups.push_back(*group);
  }
  return account;
}

std::vector<std::pair<std::string, std::string>> account_environment(const Account& account) {
  std::vector<std::pair<std::string, std::string>> environment{{"LOGNAME", account.name}, {"USER", account.name}};
  if (!account.home.empty()) environment.emplace_back("HOME", account.home);
  environment.emplace_back("SHELL", is_for_logins(account.shell) ? account.shell : "/bin/sh");
  return environment;
}

}  // namespace belfry::jobs
