// The PostgreSQL side of an sql action: libpq, driven by the loop.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/connection.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// As connect(). Rows come one at a time, however many there are; cancel() sends a cancel request by the pool, which
/// must outlive the connection. Throws Error.
async::Task<std::unique_ptr<Connection>> connect_postgresql(const Target& target, async::ThreadPool& pool);

}  // namespace belfry::jobs::sql
