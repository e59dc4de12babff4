// The capabilities of capabilities(7) by name. Header only: the static belfry-exec uses it too.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace belfry::io {

/// In the order of their numbers, without "CAP_".
inline constexpr std::array<std::string_view, 41> capability_names{"chown",
                                                                   "dac_override",
                                                                   "dac_read_search",
                                                                   "fowner",
                                                                   "fsetid",
                                                                   "kill",
                                                                   "setgid",
                                                                   "setuid",
                                                                   "setpcap",
                                                                   "linux_immutable",
                                                                   "net_bind_service",
                                                                   "net_broadcast",
                                                                   "net_admin",
                                                                   "net_raw",
                                                                   "ipc_lock",
                                                                   "ipc_owner",
                                                                   "sys_module",
                                                                   "sys_rawio",
                                                                   "sys_chroot",
                                                                   "sys_ptrace",
                                                                   "sys_pacct",
                                                                   "sys_admin",
                                                                   "sys_boot",
                                                                   "sys_nice",
                                                                   "sys_resource",
                                                                   "sys_time",
                                                                   "sys_tty_config",
                                                                   "mknod",
                                                                   "lease",
                                                                   "audit_write",
                                                                   "audit_control",
                                                                   "setfcap",
                                                                   "mac_override",
                                                                   "mac_admin",
                                                                   "syslog",
                                                                   "wake_alarm",
                                                                   "block_suspend",
                                                                   "audit_read",
                                                                   "perfmon",
                                                                   "bpf",
                                                                   "checkpoint_restore"};

/// The number of "net_raw" or "CAP_NET_RAW"; none for an unknown name.
constexpr std::optional<int> capability_by_name(std::string_view name) noexcept {
  const bool whole = name.starts_with("CAP_");
  if (whole || name.starts_with("cap_")) name.remove_prefix(4);
  for (std::size_t number = 0; number < capability_names.size(); ++number) {
    const std::string_view known = capability_names[number];
    bool same = known.size() == name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) {
      const char c = whole && name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
      same = c == known[i];
    }
    if (same) return static_cast<int>(number);
  }
  return std::nullopt;
}

}  // namespace belfry::io
