#include "engine/catalog_diff.hpp"

namespace belfry::engine {

CatalogDiff diff(const Catalog* before, const Catalog& after) {
  CatalogDiff result;
  for (const auto& [name, job] : after.jobs) {
    const auto old = before == nullptr ? after.jobs.end() : before->jobs.find(name);
    if (before == nullptr || old == before->jobs.end()) {
      result.added.push_back(name);
    } else if (old->second->fingerprint != job->fingerprint) {
      result.changed.push_back(name);
    } else {
      ++result.unchanged;
    }
  }
  if (before != nullptr) {
    for (const auto& [name, job] : before->jobs) {
      if (!after.jobs.contains(name)) result.removed.push_back(name);
    }
  }
  return result;
}

}  // namespace belfry::engine
