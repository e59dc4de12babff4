#include "engine/action.hpp"

namespace belfry::engine {

async::Task<std::optional<ledger::Outcome>> Action::adopt(const Attempt& /*attempt*/,
                                                          const io::ProcessMark& /*process*/,
                                                          Report& /*report*/) const {
  co_return std::nullopt;
}

}  // namespace belfry::engine
