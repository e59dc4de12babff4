// Where a program stands among the others: `nice`, `ionice`, `cpu_affinity`, `oom_score_adj`.
#pragma once

#include <optional>
#include <vector>

#include "daemon/config/map_reader.hpp"
#include "io/exec_shim.hpp"

namespace belfry::daemon {

struct PlacementPolicy {
  std::optional<int> nice;
  std::optional<io::ShimIoPriority> ionice;
  std::vector<int> cpus;  ///< in order, each once; empty: the daemon's
  std::optional<int> oom_score_adj;
};

/// Changes what the map gives; complains about what is wrong and leaves it as it was. `none` takes back what a default
/// has set.
void read_placement(const MapReader& map, PlacementPolicy& placement);

}  // namespace belfry::daemon
