// Launch: what is decided about a run before it starts. Plain values.
#pragma once

#include <memory>
#include <optional>

#include "engine/watch.hpp"
#include "ledger/entry.hpp"

namespace belfry::engine {

struct Launch {
  ledger::RunId run = 0;
  ledger::RunTrigger trigger = ledger::RunTrigger::schedule;
  std::optional<ledger::WallTime> scheduled_at{};  ///< the slot; none for a run by hand
  std::optional<ledger::RunId> caused_by{};        ///< the run whose end made this one start
  ledger::StartWaits waits{};
  std::shared_ptr<const WatchedFiles> files{};  ///< of a watch; none: it is not about files
};

}  // namespace belfry::engine
