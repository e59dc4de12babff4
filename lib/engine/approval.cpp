#include "engine/approval.hpp"

namespace belfry::engine {

std::string describe(const ApprovalAnswer& answer) {
  std::string text = (answer.approved ? "approved by " : "rejected by ") + answer.by;
  if (const std::string uid = std::to_string(answer.uid); uid != answer.by) text += " (uid " + uid + ")";
  return text + (answer.comment.empty() ? "" : ": " + answer.comment);
}

}  // namespace belfry::engine
