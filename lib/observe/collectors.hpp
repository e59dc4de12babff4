// The sources of /metrics beside the jobs. Each reads figures that any thread may read, at the moment of the scrape.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <vector>

namespace belfry::async {
class Loop;
class ThreadPool;
}  // namespace belfry::async
namespace belfry::io {
class JournalFeed;
}
namespace belfry::ledger {
class Ledger;
}

namespace belfry::observe {

class Log;

/// belfry_loop_*, belfry_tasks_*, belfry_slow_callbacks_total and their like; answers while the loop is blocked, and
/// says that it is. `loop` must outlive the collector.
std::shared_ptr<prometheus::Collectable> loop_collector(const async::Loop& loop);

/// belfry_threadpool_*, for each by its name. The pools must outlive the collector.
std::shared_ptr<prometheus::Collectable> thread_pool_collector(std::vector<const async::ThreadPool*> pools);

/// belfry_store_*. `ledger` must outlive the collector.
std::shared_ptr<prometheus::Collectable> ledger_collector(const ledger::Ledger& ledger);

/// belfry_log_*, and belfry_journal_* of what programs print. `log` must outlive the collector.
std::shared_ptr<prometheus::Collectable> log_collector(const Log& log, std::shared_ptr<const io::JournalFeed> feed);

/// process_*, as all Prometheus clients name them (client_golang's process collector).
std::shared_ptr<prometheus::Collectable> process_collector();

}  // namespace belfry::observe
