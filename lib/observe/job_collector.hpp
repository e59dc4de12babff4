// Answers a scrape for everything that carries the label job_name, from the cells of the jobs in force.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "observe/family_source.hpp"
#include "observe/job_series.hpp"

namespace belfry::observe {

/// Any thread may collect, also while the loop is blocked; replace() is called by the loop's thread.
class JobCollector : public FamilySource {
 public:
  /// `wall_now` is called by scraping threads: it tells how old the oldest run is.
  explicit JobCollector(std::function<engine::WallTime()> wall_now);

  /// Puts the jobs of a new generation into force. A scrape under way ends with the jobs that it began with.
  void replace(std::shared_ptr<const JobEntries> jobs);

  std::shared_ptr<const JobEntries> jobs() const;

  void collect(FamilySink& out) const override;

 private:
  std::function<engine::WallTime()> wall_now_;
  mutable std::mutex mutex_;  // held to copy or replace a pointer, no longer
  std::shared_ptr<const JobEntries> jobs_ = std::make_shared<JobEntries>();
};

}  // namespace belfry::observe
