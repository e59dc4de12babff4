#include "observe/growth_watch.hpp"

#include <exception>

#include "async/cancel.hpp"
#include "async/loop_stats.hpp"
#include "async/sleep.hpp"
#include "async/uv_handle.hpp"
#include "observe/family.hpp"
#include "observe/process_inventory.hpp"

namespace belfry::observe {

std::vector<ResourceCount> count_resources(const async::Loop& loop) {
  std::vector<ResourceCount> counts;
  for (const async::KindStats& kind : loop.stats().kinds) counts.push_back({"tasks", kind.kind, kind.live});
  for (const uv_handle_type type : {UV_ASYNC, UV_CHECK, UV_IDLE, UV_POLL, UV_TIMER}) {
    const auto open = async::open_handles[type].load(std::memory_order_relaxed);
    counts.push_back({"handles", uv_handle_type_name(type), static_cast<std::uint64_t>(open)});
  }
  const ProcessInventory inventory = ProcessInventory::take();
  std::uint64_t ended = 0;
  for (const auto& [pid, child] : inventory.children) ended += child.ended ? 1 : 0;
  counts.push_back({"descriptors", "", inventory.descriptors.size()});
  counts.push_back({"processes", "living", inventory.children.size() - ended});
  counts.push_back({"processes", "ended", ended});
  counts.push_back({"threads", "", inventory.threads.size()});
  return counts;
}

class GrowthWatch::Collector final : public prometheus::Collectable {
 public:
  void set(const std::pair<std::string, std::string>& what, bool growing) {
    const std::scoped_lock lock(mutex_);
    growing_[what] = growing;
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    auto family = FamilyBuilder::gauge("belfry_resources_growing",
                                       "1 while there are more of them hour by hour, though there is no more work.");
    std::vector<prometheus::MetricFamily> out;
    const std::scoped_lock lock(mutex_);
    for (const auto& [what, growing] : growing_) {
      family.add({{"resource", what.first}, {"kind", what.second}}, growing ? 1 : 0);
    }
    family.move_to(out);
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, bool> growing_;
};

GrowthWatch::GrowthWatch(Log& log, Count count, Work work)
    : log_(log), count_(std::move(count)), work_(std::move(work)), collector_(std::make_shared<Collector>()) {}

std::shared_ptr<prometheus::Collectable> GrowthWatch::collector() const { return collector_; }

async::Task<> GrowthWatch::serve() {
  for (;;) {
    std::vector<ResourceCount> counts;
    try {
      counts = co_await count_();
    } catch (const async::Cancelled&) {
      throw;
    } catch (const std::exception&) {
      // the threads are busy: there is time
    }
    note(counts, work_());
    co_await async::sleep(interval);
  }
}

void GrowthWatch::note(const std::vector<ResourceCount>& counts, std::uint64_t work) {
  const engine::Monotonic now(engine::Duration(async::Loop::current().now_ns()));
  for (const ResourceCount& each : counts) {
    const std::pair what(each.resource, each.kind);
    Watched& watched = trends_[what];
    watched.trend.add(now, each.count, work);
    const bool growing = watched.trend.growing();
    collector_->set(what, growing);
    if (growing && !watched.told) {
      log_.warning(
          "there are more of them hour by hour, though there is no more work: please report this as a bug of belfry",
          {{"resource", each.resource},
           {"kind", each.kind},
           {"hours", GrowthTrend::hours},
           {"before", watched.trend.first()},
           {"now", watched.trend.last()}});
    }
    watched.told = growing;
  }
}

}  // namespace belfry::observe
