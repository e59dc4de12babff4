// Which keys a configuration gives, and whether two give the same for them: to name what was edited. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::daemon {

/// A value as it is written, after aliases and merge keys: equal digests, equal values. The order of the keys of a map
/// makes no difference.
struct DeclaredValue {
  std::uint64_t digest = 0;
  bool map = false;

  friend bool operator==(const DeclaredValue&, const DeclaredValue&) = default;
};

using DeclaredMap = std::map<std::string, DeclaredValue, std::less<>>;

struct DeclaredKeys {
  DeclaredMap top;  ///< without jobs, defaults and keys that begin with "x-"
  DeclaredMap defaults;
  std::map<std::string, DeclaredMap, std::less<>> jobs;
};

/// The keys of a text of YAML; of one that is not right, what could be understood.
DeclaredKeys declared_keys(std::string_view text);

/// The keys that two maps give differently, or that one of them gives.
std::vector<std::string> differing(const DeclaredMap& before, const DeclaredMap& after);

/// What was edited about a job that both have: its own keys ("schedule"), keys of defaults that it takes over
/// ("defaults.timeout"), or the zone that it takes over ("the top-level timezone"). Empty when it cannot be said.
std::vector<std::string> edited_keys(const DeclaredKeys& before, const DeclaredKeys& after, std::string_view job);

}  // namespace belfry::daemon
