// What a job leaves behind comes to us as our child; during a very long run it must not stay a zombie.
#pragma once

#include "async/event.hpp"
#include "async/task.hpp"
#include "engine/engine.hpp"
#include "engine/event.hpp"

namespace belfry::daemon {

/// Loop thread only; the engine and the stream must outlive it.
class StrayReaper {
 public:
  StrayReaper(const engine::Engine& engine, engine::EventStream& events);

  /// Reaps once a minute while a run is under way, until it is cancelled. An idle daemon sleeps through.
  async::Task<> serve();

 private:
  const engine::Engine& engine_;
  async::Event run_began_;
};

}  // namespace belfry::daemon
