// What became of spans. Written by the loop's thread, read by any.
#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "observe/cell.hpp"

namespace belfry::daemon {

/// belfry_trace_spans_total{result}, filled with zeros, and belfry_trace_spans_queued; nothing while tracing is off.
class TraceCounts final : public prometheus::Collectable {
 public:
  observe::Cell<std::uint64_t> exported;
  observe::Cell<std::uint64_t> failed;   ///< refused by the collector, or given up when the daemon ended
  observe::Cell<std::uint64_t> dropped;  ///< not sent: no room, or no time at the end
  observe::Cell<std::uint64_t> queued;   ///< now
  observe::Cell<bool> shown;             ///< whether tracing is on

  /// Any thread.
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace belfry::daemon
