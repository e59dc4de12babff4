// The key `precondition` of a job.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "daemon/config/command_reader.hpp"
#include "daemon/config/map_reader.hpp"

namespace belfry::daemon {

/// What must hold before a run starts; something is given. Plain value.
struct PreconditionDeclaration {
  struct Disk {
    std::filesystem::path path;  ///< absolute
    std::uint64_t at_least = 0;  ///< bytes
  };
  std::optional<CommandLine> command;
  time::Duration timeout = std::chrono::seconds{30};
  std::optional<double> load_below;
  std::optional<double> load_per_cpu_below;
  std::optional<Disk> free_disk;
  std::optional<std::uint64_t> free_memory;  ///< bytes
};

/// A map, or `none`. Complains about what is wrong, and leaves `precondition` as it was then. Relative paths start at
/// `folder`.
void read_precondition(const Value& value, const std::filesystem::path& folder,
                       std::optional<PreconditionDeclaration>& precondition);

}  // namespace belfry::daemon
