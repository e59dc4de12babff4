// The SQLite side of an sql action: a file, and a thread of the pool while a statement runs.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/connection.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// As connect(). The file must exist, unless the option mode is rwc. Waits for locks of others as long as the target
/// says. The pool must outlive the connection. Throws Error.
async::Task<std::unique_ptr<Connection>> open_sqlite(const Target& target, async::ThreadPool& pool);

}  // namespace belfry::jobs::sql
