// A catalog of many jobs that are all alike.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "engine/job.hpp"

namespace belfry::bench {

/// "job-0000000" and so on; generation 1.
inline std::shared_ptr<const engine::Catalog> catalog_of(int jobs, const std::shared_ptr<const time::Trigger>& trigger,
                                                         const std::shared_ptr<const engine::Action>& action) {
  auto catalog = std::make_shared<engine::Catalog>();
  catalog->generation = 1;
  for (int i = 0; i < jobs; ++i) {
    auto job = std::make_shared<engine::Job>();
    job->name = fmt::format("job-{:07}", i);
    job->fingerprint = job->name;
    job->trigger = trigger;
    job->action = action;
    catalog->jobs.emplace(job->name, std::move(job));
  }
  return catalog;
}

}  // namespace belfry::bench
