// Pending: a slot, or a request by hand, on its way to becoming a run. Plain, move-only.
#pragma once

#include <memory>
#include <optional>

#include "engine/job_state.hpp"
#include "engine/launch.hpp"
#include "engine/slot.hpp"
#include "engine/status.hpp"

namespace belfry::engine {

struct Pending {
  Launch launch;
  std::shared_ptr<JobState> state;
  std::optional<Slot> slot;  ///< none: by hand, or once more for a slot whose run was lost
  WaitsFor waits_for = WaitsFor::turn;
  WallTime since{};

  bool by_hand() const noexcept { return launch.trigger == ledger::RunTrigger::manual; }

  /// What is made up for waits behind others instead of being refused: it was late before it came.
  bool patient() const noexcept {
    return launch.trigger == ledger::RunTrigger::catchup || launch.trigger == ledger::RunTrigger::recovery;
  }
};

}  // namespace belfry::engine
