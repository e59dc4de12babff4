#include <string>
#include <utility>
#include <vector>

#include "async/thread_pool.hpp"
#include "observe/collectors.hpp"
#include "observe/duration_histogram.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

namespace {

class ThreadPoolCollector final : public prometheus::Collectable {
 public:
  explicit ThreadPoolCollector(std::vector<const async::ThreadPool*> pools) : pools_(std::move(pools)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<std::pair<std::string, async::ThreadPoolStats>> all;
    all.reserve(pools_.size());
    for (const async::ThreadPool* pool : pools_) all.emplace_back(pool->name(), pool->stats());
    std::vector<prometheus::MetricFamily> out;
    const auto collect = [&](FamilyBuilder family, auto figure) {
      for (const auto& [name, stats] : all) family.add({{"pool", name}}, static_cast<double>(figure(stats)));
      family.move_to(out);
    };
    using Stats = async::ThreadPoolStats;
    collect(FamilyBuilder::gauge("belfry_threadpool_threads", "Threads of the pool that runs blocking work."),
            [](const Stats& stats) { return stats.threads; });
    collect(FamilyBuilder::gauge("belfry_threadpool_busy", "Threads of the pool that run something."),
            [](const Stats& stats) { return stats.busy; });
    collect(FamilyBuilder::gauge("belfry_threadpool_abandoned",
                                 "Threads of the pool whose work nobody waits for any more."),
            [](const Stats& stats) { return stats.abandoned; });
    collect(FamilyBuilder::gauge("belfry_threadpool_queue_length", "Blocking work that waits for a thread."),
            [](const Stats& stats) { return stats.queued; });
    collect(FamilyBuilder::counter("belfry_threadpool_completed_total", "Blocking work that has ended."),
            [](const Stats& stats) { return stats.completed; });
    collect(FamilyBuilder::counter("belfry_threadpool_rejected_total",
                                   "Blocking work that was refused because the queue was full."),
            [](const Stats& stats) { return stats.rejected; });
    auto waits =
        FamilyBuilder::histogram("belfry_threadpool_wait_seconds", "How long blocking work waited for a thread.");
    for (const auto& [name, stats] : all) add_sample(waits, stats.waits, {{"pool", name}});
    waits.move_to(out);
    return out;
  }

 private:
  std::vector<const async::ThreadPool*> pools_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> thread_pool_collector(std::vector<const async::ThreadPool*> pools) {
  return std::make_shared<ThreadPoolCollector>(std::move(pools));
}

}  // namespace belfry::observe
