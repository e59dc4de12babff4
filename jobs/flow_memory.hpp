// What became of the steps of a flow, and what of it another attempt of the same run need not do again. Plain values.
// Private to flow_run.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/flow.hpp"
#include "ledger/entry.hpp"

namespace belfry::jobs {

/// What became of a step, or of one of its items.
struct FlowResult {
  bool ended = false;
  std::optional<ledger::Outcome> outcome{};  ///< none: it was skipped
  bool well = false;                         ///< those that need it may begin
  std::map<std::string, std::string> outputs{};
  std::optional<int> exit_code{};
  std::string message{};
  bool for_good = false;                       ///< see engine::Report
  std::optional<ledger::WallTime> began_at{};  ///< of a step that was skipped after it had begun

  bool failed() const noexcept { return outcome && *outcome != ledger::Outcome::success; }
};

class FlowMemory {
 public:
  /// Of an attempt that has ended: `results` by the number of their step; `depends`: see all_needed(). Keeps what
  /// succeeded, if all on which it depends is the same the next time.
  FlowMemory(const FlowSpec& spec, const std::vector<std::vector<bool>>& depends,
             const std::vector<FlowResult>& results);

  /// By the number of their step in `spec`; empty when the steps of `spec` are others.
  std::vector<FlowResult> results_for(const FlowSpec& spec) const;

 private:
  std::vector<std::string> ids_;  // of all steps
  std::vector<FlowResult> kept_;  // likewise; what is to be done again has not ended
};

}  // namespace belfry::jobs
