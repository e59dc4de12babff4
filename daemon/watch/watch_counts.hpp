// What the watches of jobs tell in /metrics. Written by the loop's thread, read by any.
#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "observe/cell.hpp"

namespace belfry::daemon {

/// belfry_watch_folders, belfry_watch_blind_spots and belfry_watch_overflows_total.
struct WatchCounts final : prometheus::Collectable {
  observe::Cell<std::uint64_t> folders;
  observe::Cell<std::uint64_t> blind_spots;
  observe::Cell<std::uint64_t> overflows;

  /// Any thread.
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace belfry::daemon
