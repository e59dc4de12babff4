// GrowthWatch: tells when tasks, handles, descriptors, processes or threads become more and more for hours, though
// there is no more work: something is not given back. What counts as growth is growth_trend.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>

#include "async/loop.hpp"
#include "async/task.hpp"
#include "observe/growth_trend.hpp"
#include "observe/log.hpp"

namespace belfry::observe {

struct ResourceCount {
  std::string resource;  ///< "tasks", "handles", "descriptors", "processes", "threads"
  std::string kind;      ///< of tasks and handles theirs; of processes "living" or "ended"; else empty
  std::uint64_t count = 0;
};

/// All that is counted, as it is now. Reads /proc: not on the loop's thread; any other.
std::vector<ResourceCount> count_resources(const async::Loop& loop);

/// Loop thread; its collector: any.
class GrowthWatch {
 public:
  /// Between two looks: an idle daemon wakes up six times an hour for it.
  static constexpr async::Duration interval = std::chrono::minutes{10};

  /// Counts beside the loop. May fail by an exception: then that look is left out.
  using Count = std::function<async::Task<std::vector<ResourceCount>>()>;
  /// Runs under way and what waits: more of it may need more of all.
  using Work = std::function<std::uint64_t()>;

  /// `log` must outlive it.
  GrowthWatch(Log& log, Count count, Work work);

  /// Looks now and then, until it is cancelled.
  async::Task<> serve();

  /// One look.
  void note(const std::vector<ResourceCount>& counts, std::uint64_t work);

  /// belfry_resources_growing, zero-filled for what was ever counted; independent of *this.
  std::shared_ptr<prometheus::Collectable> collector() const;

 private:
  struct Watched {
    GrowthTrend trend;
    bool told = false;
  };
  class Collector;

  Log& log_;
  Count count_;
  Work work_;
  std::map<std::pair<std::string, std::string>, Watched> trends_;  // as many as there are kinds
  std::shared_ptr<Collector> collector_;
};

}  // namespace belfry::observe
