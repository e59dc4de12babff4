// The MariaDB and MySQL side of an sql action: the non-blocking calls of MariaDB's client library, driven by the loop.
#pragma once

#include <memory>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/connection.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// As connect(). Rows come one at a time, however many there are; parameters are those of a statement that the server
/// prepares; cancel() kills the query over a second connection. The pool must outlive the connection. Throws Error.
async::Task<std::unique_ptr<Connection>> connect_mariadb(const Target& target, async::ThreadPool& pool);

}  // namespace belfry::jobs::sql
