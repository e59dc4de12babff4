// Which jobs a new generation adds, changes and removes.
#pragma once

#include <string>
#include <vector>

#include "engine/job.hpp"

namespace belfry::engine {

struct CatalogDiff {
  std::vector<std::string> added;
  std::vector<std::string> changed;  ///< declared differently than before (by fingerprint)
  std::vector<std::string> removed;
  std::size_t unchanged = 0;
};

/// Pure. `before` may be null: everything is added.
CatalogDiff diff(const Catalog* before, const Catalog& after);

}  // namespace belfry::engine
