// Which jobs a new generation adds, changes and removes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/job.hpp"

namespace belfry::engine {

/// The next slot of a job that is declared as before, but is due at other times: its time zone has new rules, or its
/// calendars other holidays.
struct MovedSlot {
  std::string job;
  std::optional<WallTime> before;
  std::optional<WallTime> now;
};

struct CatalogDiff {
  std::vector<std::string> added;
  std::vector<std::string> changed;  ///< declared differently than before (by fingerprint)
  std::vector<std::string> removed;
  std::size_t unchanged = 0;
  std::vector<MovedSlot> moved;  ///< of the unchanged; filled in by Engine::apply()
};

/// Pure. `before` may be null: everything is added.
CatalogDiff diff(const Catalog* before, const Catalog& after);

}  // namespace belfry::engine
