// approval: a step of a flow that waits until a person says yes (engine/approvals.hpp).
//
// Immutable; see engine/action.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/action.hpp"

namespace belfry::jobs {

/// What becomes of one that nobody decides within the timeout of its step.
enum class ApprovalTimeout : std::uint8_t {
  fail,     ///< the step fails
  skip,     ///< it is skipped, and so is what needs it
  approve,  ///< it succeeds
};

struct ApprovalSpec {
  std::string step{};                                 ///< its id
  std::string message;                                ///< what is to be approved
  std::optional<std::chrono::nanoseconds> timeout{};  ///< to be shown; whoever runs the action sees to it
};

/// Success when it is approved, failure when it is rejected: then Report::for_good is set. It prints decision=, by=,
/// uid= and comment=, a line each. The message is made fit for people: one line, not too long.
std::shared_ptr<const engine::Action> make_approval(ApprovalSpec spec);

}  // namespace belfry::jobs
