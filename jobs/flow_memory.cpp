#include "jobs/flow_memory.hpp"

#include <algorithm>
#include <cstddef>

namespace belfry::jobs {

FlowMemory::FlowMemory(const FlowSpec& spec, const std::vector<std::vector<bool>>& depends,
                       const std::vector<FlowResult>& results)
    : kept_(results.size()) {
  const auto is_final = [&results](std::size_t i) {
    const FlowResult& result = results[i];
    return result.outcome == ledger::Outcome::success || (result.ended && !result.outcome && result.well);
  };
  for (std::size_t i = 0; i < results.size(); ++i) {
    ids_.push_back(spec.steps[i].id);
    if (spec.steps[i].finally || results[i].outcome != ledger::Outcome::success) continue;
    bool same = true;
    for (std::size_t j = 0; j < results.size(); ++j) same = same && (!depends[i][j] || is_final(j));
    if (same) kept_[i] = results[i];
  }
}

std::vector<FlowResult> FlowMemory::results_for(const FlowSpec& spec) const {
  if (!std::ranges::equal(spec.steps, ids_, {}, &FlowStep::id)) return {};
  return kept_;
}

}  // namespace belfry::jobs
