// Who is ended with a program: kill_mode.
#pragma once

#include <cstdint>

#include "io/process.hpp"

namespace belfry::jobs {

enum class KillMode : std::uint8_t {
  tree,     ///< its process group gets the signal; then all that came from it is ended, wherever it hid
  cgroup,   ///< the same, with a control group of its own, which nothing leaves
  mixed,    ///< it alone gets the signal; then all that came from it is ended
  group,    ///< its process group; what has left that lives on
  process,  ///< it alone; everything else lives on
};

/// How far the sweep after its end goes.
constexpr io::Process::Reach reach_of(KillMode mode) noexcept {
  switch (mode) {
    case KillMode::group:
      return io::Process::Reach::group;
    case KillMode::process:
      return io::Process::Reach::leader;
    case KillMode::tree:
    case KillMode::cgroup:
    case KillMode::mixed:
      break;
  }
  return io::Process::Reach::tree;
}

/// Whether something may live on.
constexpr bool spares(KillMode mode) noexcept { return reach_of(mode) != io::Process::Reach::tree; }

/// Whether the signal that asks it to end is for the program alone.
constexpr bool asks_leader_only(KillMode mode) noexcept { return mode == KillMode::mixed || mode == KillMode::process; }

}  // namespace belfry::jobs
