// sql: statements for a database, what becomes of their rows, and what these must be like.
#pragma once

#include "jobs/action_kind.hpp"

namespace belfry::jobs {

/// A run succeeds when every statement does and the rows are as `expect` says, and fails with a sentence that says what
/// was wrong; start_error: there was no connection, or no file, and no statement was sent. The rows are the run's
/// output within its budget, or are saved under `save_to`, whole or not at all; they are never all in memory. With
/// `transaction` nothing is changed by a run that does not succeed. Cancellation, as a timeout: the statement is
/// cancelled on the server, its transaction is rolled back, and nothing is saved. No message holds more of a URL than
/// host, port and database.
ActionKind sql_kind();

}  // namespace belfry::jobs
