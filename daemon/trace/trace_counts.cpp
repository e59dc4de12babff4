#include "daemon/trace/trace_counts.hpp"

#include <array>
#include <utility>

#include "observe/family.hpp"

namespace belfry::daemon {

std::vector<prometheus::MetricFamily> TraceCounts::Collect() const {
  std::vector<prometheus::MetricFamily> out;
  if (!shown.get()) return out;
  auto total = observe::FamilyBuilder::counter("belfry_trace_spans_total",
                                               "Spans for the collector of traces, by what came of them.");
  const auto results = std::to_array<std::pair<const char*, const observe::Cell<std::uint64_t>*>>(
      {{"exported", &exported}, {"failed", &failed}, {"dropped", &dropped}});
  for (const auto& [result, cell] : results) total.add({{"result", result}}, static_cast<double>(cell->get()));
  auto waiting = observe::FamilyBuilder::gauge("belfry_trace_spans_queued", "Spans that wait for the collector.");
  waiting.add({}, static_cast<double>(queued.get()));
  total.move_to(out);
  waiting.move_to(out);
  return out;
}

}  // namespace belfry::daemon
