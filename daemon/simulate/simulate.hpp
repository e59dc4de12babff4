// What would a configuration do between two times? The real engine answers, on a clock that jumps from event to event.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/config/load_config.hpp"
#include "daemon/simulate/samples.hpp"
#include "daemon/simulate/tally.hpp"

namespace belfry::daemon {

struct SimulateOptions {
  WallTime from;  ///< the first instant; the daemon starts just before it, with nothing under way and nothing missed
  WallTime to;    ///< the first instant that is not simulated
  std::shared_ptr<const Samples> samples;  ///< a job that is not in it takes no time; null: none is
  std::uint64_t seed = 1;                  ///< which recorded runs are drawn
  std::uint64_t most_slots = 20'000'000;   ///< it ends early behind so many: a bound for the time taken
};

struct Simulation {
  WallTime from;
  WallTime to;
  WallTime until;  ///< `to`, or where most_slots was reached
  std::shared_ptr<const Samples> samples;
  Tally tally;
  std::vector<std::string> by_files;  ///< jobs that wait for files, of which nobody knows when they come
};

/// Runs it. Takes some microseconds for each slot; memory does not grow with the span. Nothing is started, read or
/// written: actions sleep, and preconditions count as met. Runs end as their recorded ones did; as those include
/// retries, none are made. Uses a loop of its own: not on a thread that has one. REQUIRES: from < to.
Simulation simulate(const Config& config, SimulateOptions options);

}  // namespace belfry::daemon
