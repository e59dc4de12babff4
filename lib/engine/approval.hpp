// What a step of a run asks of a person, and what that person says. Plain values; see approvals.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/job.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

inline constexpr std::size_t longest_approval_message = 1'000;  ///< bytes
inline constexpr std::size_t longest_approval_comment = 1'000;  ///< bytes

/// A step waits for a person's word.
struct ApprovalQuestion {
  std::string step;
  std::string message;            ///< what is to be approved; one line
  WallTime since;                 ///< when it began to wait
  std::optional<WallTime> until;  ///< when it gives up; none: never
};

/// What the person says.
struct ApprovalAnswer {
  bool approved = false;
  std::string by;         ///< the name of a user; the number when it has none
  std::uint32_t uid = 0;  ///< of the same
  std::string comment{};  ///< one line, at most longest_approval_comment; may be empty
};

/// One line for a person: "approved by alice (uid 1000): looks good".
std::string describe(const ApprovalAnswer& answer);

}  // namespace belfry::engine
