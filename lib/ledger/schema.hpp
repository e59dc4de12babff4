// The tables of the ledger's file, as a list of steps that lead from an empty file to today's.
//
// README.md describes the tables. Instants and spans are integers in nanoseconds (instants since 1970 UTC), words are
// those of outcome.hpp. The views (v_runs, v_slots, v_attempts, v_happenings) are for people: over versions they gain
// columns at their end and lose none.
#pragma once

#include "ledger/sqlite.hpp"

namespace belfry::ledger {

/// What marks a file as belfry's (PRAGMA application_id): "blfy".
inline constexpr std::int64_t schema_application_id = 0x626c6679;

/// Gives the largest id that any run ever had. It must not come again even if only the run's slot, or an attempt,
/// became durable before a crash.
inline constexpr const char* newest_run_id_sql =
    "SELECT max(ifnull((SELECT max(id) FROM runs), 0), ifnull((SELECT max(run_id) FROM attempts), 0), "
    "ifnull((SELECT used FROM run_numbers), 0), "
    "ifnull((SELECT max(run_id) FROM (SELECT run_id FROM slots ORDER BY id DESC LIMIT 10000)), 0))";

/// The version that this program reads and writes (PRAGMA user_version).
int schema_version() noexcept;

/// Brings the file to schema_version(), each step in a transaction of its own; a copy of a ledger with content is kept
/// beside it before, as PATH.v1.backup when its version was 1. Throws LedgerError, with advice, when the file is of
/// another program, is newer than this program, is no database, or cannot be copied or changed; it is then as it was
/// before. Called by the one writer, at open.
void migrate(sqlite::Connection& connection);

/// Throws LedgerError unless the file is at schema_version(). For readers, which may not migrate.
void check_schema(sqlite::Connection& connection);

/// The version of a ledger that this program can read or migrate. Throws LedgerError for anything else, and for a file
/// without content.
int ledger_version(sqlite::Connection& connection);

}  // namespace belfry::ledger
