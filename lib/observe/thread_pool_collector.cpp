#include "async/thread_pool.hpp"
#include "observe/collectors.hpp"
#include "observe/duration_histogram.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

namespace {

class ThreadPoolCollector final : public prometheus::Collectable {
 public:
  explicit ThreadPoolCollector(const async::ThreadPool& pool) : pool_(pool) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const async::ThreadPoolStats stats = pool_.stats();
    std::vector<prometheus::MetricFamily> out;
    const auto number = [](auto value) { return static_cast<double>(value); };
    FamilyBuilder::gauge("belfry_threadpool_threads", "Threads of the pool that runs blocking jobs.")
        .add({}, number(stats.threads))
        .move_to(out);
    FamilyBuilder::gauge("belfry_threadpool_busy", "Threads of the pool that run something.")
        .add({}, number(stats.busy))
        .move_to(out);
    FamilyBuilder::gauge("belfry_threadpool_abandoned", "Threads of the pool whose work nobody waits for any more.")
        .add({}, number(stats.abandoned))
        .move_to(out);
    FamilyBuilder::gauge("belfry_threadpool_queue_length", "Blocking work that waits for a thread.")
        .add({}, number(stats.queued))
        .move_to(out);
    FamilyBuilder::counter("belfry_threadpool_completed_total", "Blocking work that has ended.")
        .add({}, number(stats.completed))
        .move_to(out);
    FamilyBuilder::counter("belfry_threadpool_rejected_total",
                           "Blocking work that was refused because the queue was full.")
        .add({}, number(stats.rejected))
        .move_to(out);
    auto waits =
        FamilyBuilder::histogram("belfry_threadpool_wait_seconds", "How long blocking work waited for a thread.");
    add_sample(waits, stats.waits);
    waits.move_to(out);
    return out;
  }

 private:
  const async::ThreadPool& pool_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> thread_pool_collector(const async::ThreadPool& pool) {
  return std::make_shared<ThreadPoolCollector>(pool);
}

}  // namespace belfry::observe
