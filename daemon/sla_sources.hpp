// What the watch over `sla` is told of the past: by the engine, and by the ledger.
#pragma once

#include "async/thread_pool.hpp"
#include "engine/engine.hpp"
#include "ledger/ledger.hpp"
#include "observe/log.hpp"
#include "observe/sla_watch.hpp"

namespace belfry::daemon {

/// All of them must outlive what is returned. A ledger that cannot be read is logged, and tells nothing.
observe::SlaSources sla_sources(const engine::Engine& engine, const ledger::Ledger& ledger, async::ThreadPool& pool,
                                observe::Log& log);

}  // namespace belfry::daemon
