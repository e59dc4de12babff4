// The resource limits of setrlimit(2) by name. Header only: the static belfry-exec uses it too.
#pragma once

#include <sys/resource.h>

#include <array>
#include <optional>
#include <string_view>

namespace belfry::io {

struct RlimitName {
  std::string_view name;  ///< as `prlimit --NAME` and systemd's LimitNAME= have it, in lower case
  int resource;           ///< RLIMIT_NAME
};

inline constexpr std::array<RlimitName, 16> rlimit_names{{
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
}};

/// The RLIMIT_ number of "nofile" and so on; none for an unknown name.
constexpr std::optional<int> rlimit_by_name(std::string_view name) noexcept {
  for (const auto& entry : rlimit_names) {
    if (entry.name == name) return entry.resource;
  }
  return std::nullopt;
}

}  // namespace belfry::io
