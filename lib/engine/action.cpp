#include "engine/action.hpp"

namespace belfry::engine {

async::Task<std::optional<ledger::Outcome>> Action::adopt(const Attempt& /*attempt*/,
                                                          const io::ProcessMark& /*process*/,
                                                          Report& /*report*/) const {
  co_return std::nullopt;
}

std::string with_aftermath(std::string message, const Report& report) {
  if (!message.empty() && !report.aftermath.empty()) message += "; ";
  return message + report.aftermath;
}

}  // namespace belfry::engine
