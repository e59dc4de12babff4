// How a file is brought to today's schema; the steps themselves: schema_steps.cpp.
#include "ledger/schema.hpp"

#include <string>

#include "ledger/backup.hpp"
#include "ledger/schema_steps.hpp"

namespace belfry::ledger {
namespace {

[[noreturn]] void refuse(const sqlite::Connection& connection, const std::string& why) {
  throw LedgerError(connection.path() + ": " + why);
}

// 0 for a file without any content: it is nobody's and will be belfry's.
std::int64_t version_of(sqlite::Connection& connection) {
  const std::int64_t tables = connection.integer("SELECT count(*) FROM sqlite_schema");  // reads what it lists, too
  const std::int64_t id = connection.integer("PRAGMA application_id");
  if (id == schema_application_id) return connection.integer("PRAGMA user_version");
  if (id == 0 && tables == 0) return 0;
  refuse(connection, "this is the database of another program; give belfryd a state folder of its own");
}

void refuse_newer(const sqlite::Connection& connection, std::int64_t version) {
  if (version <= schema_version()) return;
  refuse(connection, "the ledger has version " + std::to_string(version) + ", this program knows up to " +
                         std::to_string(schema_version()) + "; install the newer belfry again, or move the file away");
}

void keep_copy(sqlite::Connection& connection, std::int64_t version) {
  const std::string copy = connection.path() + ".v" + std::to_string(version) + ".backup";
  try {
    copy_ledger(connection, copy, OnExisting::replace);
  } catch (const LedgerError& error) {
    refuse(connection, "this program wants to bring the ledger to version " + std::to_string(schema_version()) +
                           " and cannot keep a copy of it first: " + error.what() +
                           "; nothing was changed: make room beside it, or install the older belfry again");
  }
}

void take_step(sqlite::Connection& connection, std::int64_t version) {
  try {
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(schema_steps()[static_cast<std::size_t>(version)]);
    connection.execute(("PRAGMA application_id = " + std::to_string(schema_application_id)).c_str());
    connection.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
    connection.execute("COMMIT");
  } catch (const LedgerError& error) {
    connection.rollback();
    if (version == 0) throw;
    refuse(connection, "the ledger cannot be brought from version " + std::to_string(version) + " to " +
                           std::to_string(version + 1) + ": " + error.what() +
                           "; nothing was changed: mend the cause, or install the older belfry again");
  }
}

}  // namespace

int schema_version() noexcept { return static_cast<int>(schema_steps().size()); }

void migrate(sqlite::Connection& connection) {
  std::int64_t version = version_of(connection);
  refuse_newer(connection, version);
  if (version > 0 && version < schema_version()) keep_copy(connection, version);
  for (; version < schema_version(); ++version) take_step(connection, version);
}

int ledger_version(sqlite::Connection& connection) {
  const std::int64_t version = version_of(connection);
  refuse_newer(connection, version);
  if (version == 0) refuse(connection, "there is no ledger here yet; start belfryd once");
  return static_cast<int>(version);
}

void check_schema(sqlite::Connection& connection) {
  const int version = ledger_version(connection);
  if (version == schema_version()) return;
  refuse(connection, "the ledger has version " + std::to_string(version) + "; start belfryd once, which brings it to " +
                         std::to_string(schema_version()));
}

}  // namespace belfry::ledger
