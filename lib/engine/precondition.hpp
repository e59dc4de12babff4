// What must hold before a run starts, as the engine sees it. The kinds (a command, load, free disk and memory) live in
// jobs/.
#pragma once

#include <optional>
#include <string>

#include "async/task.hpp"

namespace belfry::engine {

/// Immutable, shared by all slots of the job.
class Precondition {
 public:
  virtual ~Precondition() = default;

  /// Nothing when it holds, else one sentence that says why not: the slot is skipped(precondition). Resumes on the loop
  /// and never blocks it; bounded in time by itself; an exception counts as "does not hold". Cancellation: ends what it
  /// started.
  virtual async::Task<std::optional<std::string>> objection() const = 0;
};

}  // namespace belfry::engine
