// What a job leaves behind comes to us as our child; during a very long run it must not stay a zombie.
#pragma once

#include <string>
#include <string_view>

#include "async/event.hpp"
#include "async/task.hpp"
#include "engine/engine.hpp"
#include "engine/event.hpp"

namespace belfry::daemon {

/// Loop thread only; the engine and the stream must outlive it.
class StrayReaper {
 public:
  /// `ledger_id`: whose runs' control groups an earlier daemon may have left.
  StrayReaper(const engine::Engine& engine, engine::EventStream& events, std::string_view ledger_id);

  /// First ends what an earlier daemon's runs have left in control groups. Then reaps once a minute while a run is
  /// under way, until it is cancelled. An idle daemon sleeps through.
  async::Task<> serve();

 private:
  const engine::Engine& engine_;
  std::string ledger_id_;
  async::Event run_began_;
};

}  // namespace belfry::daemon
