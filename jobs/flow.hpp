// flow: steps that need each other, as one run.
//
//   main steps --(needs, if, matrix / for_each, retries)--> all ended --> finally steps --> outcome
//
// Each kind of action can be a step; jobs/ makes no difference between them. Plain values; see make_flow().
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/action.hpp"
#include "engine/policies.hpp"
#include "jobs/action_kind.hpp"
#include "jobs/approval.hpp"
#include "jobs/flow_condition.hpp"
#include "jobs/flow_output.hpp"
#include "jobs/flow_text.hpp"
#include "jobs/run_environment.hpp"

namespace belfry::jobs {

inline constexpr std::size_t most_flow_steps = 1'000;
inline constexpr std::size_t most_flow_items = 1'000;                   ///< for which one step runs
inline constexpr std::size_t most_flow_values = std::size_t{1} << 20U;  ///< bytes of one output of all items together

/// One of the values for which a step runs.
struct FlowItem {
  std::optional<std::string> item{};  ///< of for_each
  std::map<std::string, std::string> matrix{};
  /// For people: "linux, 13"; empty when the step runs once.
  std::string label() const;
};

/// The variable in which a program finds a value of its matrix: "BELFRY_MATRIX_MY_OS" for "my-os".
std::string matrix_variable(std::string_view name);

struct FlowStep {
  std::string id;                    ///< is_flow_name(), one of its kind
  bool finally = false;              ///< runs after all others, whatever became of them
  std::vector<std::size_t> needs{};  ///< numbers of steps with the same `finally`
  std::optional<FlowCondition> condition{};
  std::vector<FlowItem> items{};              ///< of a matrix, or a list in the file; empty: it runs once
  std::optional<FlowReference> items_from{};  ///< an output whose flow_items() they are
  std::size_t max_parallel = most_flow_items;
  bool continue_on_error = false;
  std::optional<std::chrono::nanoseconds> timeout{};  ///< of each attempt
  engine::RetryPolicy retry{};                        ///< of each item
  std::optional<ApprovalTimeout> approval{};          ///< it waits for a person, and meanwhile holds no place
  std::vector<FlowOutput> outputs{};

  /// Makes what it does once the values of references are known. `variables` are for a program. The error is a
  /// sentence.
  using Maker = std::function<std::expected<ActionPointer, std::string>(const FlowText::ValueOf& value_of,
                                                                        const Variables& variables)>;
  Maker make;
};

struct FlowSpec {
  std::vector<FlowStep> steps;     ///< at most most_flow_steps
  std::size_t max_parallel = 100;  ///< how many actions of all steps may be under way, but for approvals
  std::chrono::nanoseconds finally_timeout = std::chrono::minutes(1);  ///< of all finally steps together
  bool retry_from_start = false;  ///< false: another attempt leaves out what went well in the one before
  std::size_t output_budget = std::size_t{64} << 10U;  ///< bytes kept of each stream, of all steps together
};

/// An action that runs the steps. REQUIRES: needs make no circle; references name steps and outputs that are there.
///
/// A step begins when all that it needs have ended. It is skipped when one of them failed, or was skipped for such a
/// reason, unless its condition says what it wants; and when its condition does not hold. What does not depend on a
/// failed step goes on. The outcome is failure when a step without continue_on_error did not end well.
///
/// Output: that of each step in one piece, in the order of their ends, below a line that names it. Report::step_ended
/// is told of each try of each item, and of each skipped step.
///
/// Cancellation reaches every step; when they have ended the finally steps run, shielded for finally_timeout
/// (CancelReason::replaced: they do not run), then Cancelled passes. A flow cannot be taken over from an earlier
/// daemon: adopt() ends the processes of its steps, and says so.
std::shared_ptr<const engine::Action> make_flow(FlowSpec spec);

}  // namespace belfry::jobs
