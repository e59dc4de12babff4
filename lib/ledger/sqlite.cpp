// The thin layer over SQLite's C API; see sqlite.hpp.
#include "ledger/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace belfry::ledger::sqlite {
namespace {

// How long a statement waits for another program (someone's sqlite3 shell) to end its transaction.
constexpr int busy_timeout_ms = 500;

constexpr int primary(int code) noexcept { return code & 0xff; }

}  // namespace

bool Error::is_about_values() const noexcept {
  switch (primary(code_)) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return true;
    default:
      return false;
  }
}

bool Error::is_damage() const noexcept { return primary(code_) == SQLITE_CORRUPT || primary(code_) == SQLITE_NOTADB; }

bool Error::is_interrupt() const noexcept { return primary(code_) == SQLITE_INTERRUPT; }

Connection::Connection(std::string path, Mode mode) : path_(std::move(path)) {
  const int access = mode == Mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(path_.c_str(), &db_, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    const std::string cause = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    sqlite3_close_v2(db_);
    throw Error(code, path_ + ": open: " + cause);
  }
  sqlite3_busy_timeout(db_, busy_timeout_ms);
}

Connection::~Connection() { sqlite3_close_v2(db_); }

void Connection::execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
}

std::int64_t Connection::integer(const char* sql, std::int64_t otherwise) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : otherwise;
}

std::string Connection::text(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.string(0) : std::string{};
}

std::int64_t Connection::changes() const noexcept { return sqlite3_changes64(db_); }

std::int64_t Connection::last_insert_rowid() const noexcept { return sqlite3_last_insert_rowid(db_); }

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(db_) == 0; }

void Connection::rollback() noexcept {
  // A failed ROLLBACK leaves nothing to do: SQLite has then rolled back by itself.
  if (in_transaction()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "checkpoint");
}

void Connection::checkpoint_at_close(bool wanted) {
  const int code = sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
  if (code != SQLITE_OK) fail(code, "checkpoint_at_close");
}

void Connection::interrupt() noexcept { sqlite3_interrupt(db_); }

void Connection::fail(int code, std::string_view operation) const {
  constexpr std::size_t enough = 80;  // of a statement's text to recognise it
  std::string text = path_ + ": ";
  text += operation.substr(0, operation.find('\n')).substr(0, enough);
  text += ": ";
  text += sqlite3_errmsg(db_);
  if (const int cause = sqlite3_system_errno(db_); cause != 0 && primary(code) != SQLITE_CONSTRAINT) {
    text += " (errno " + std::to_string(cause) + ")";
  }
  if (primary(code) == SQLITE_NOTADB || primary(code) == SQLITE_CORRUPT) {
    text += advice_on_damage;
  }
  throw Error(code, text);
}

PageCopy::PageCopy(Connection& from, Connection& to)
    : to_(to), copy_(sqlite3_backup_init(to.handle(), "main", from.handle(), "main")) {
  if (copy_ == nullptr) to.fail(sqlite3_errcode(to.handle()), "copy");
}

PageCopy::~PageCopy() { sqlite3_backup_finish(copy_); }

bool PageCopy::step(int pages) {
  const int code = sqlite3_backup_step(copy_, pages);
  if (code == SQLITE_OK) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3_backup_finish(std::exchange(copy_, nullptr));  // hands the error to the target's connection
  to_.fail(code, "copy");
}

Statement::Statement(Connection& connection, const char* sql) : connection_(connection) {
  const int code = sqlite3_prepare_v3(connection.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) connection.fail(code, sql);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail(code, sqlite3_sql(statement_));
}

void Statement::reset() noexcept { sqlite3_reset(statement_); }

void Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) connection_.fail(code, sqlite3_sql(statement_));
}

void Statement::bind(int index, std::string_view text) {
  // A view of nothing may have a null pointer, which SQLite would store as NULL.
  const char* data = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.fail(code, sqlite3_sql(statement_));
}

void Statement::bind(int index, Blob blob) {
  const char* data = blob.bytes.empty() ? "" : blob.bytes.data();
  const int code = sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) connection_.fail(code, sqlite3_sql(statement_));
}

void Statement::bind_null(int index) {
  const int code = sqlite3_bind_null(statement_, index);
  if (code != SQLITE_OK) connection_.fail(code, sqlite3_sql(statement_));
}

bool Statement::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Statement::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::text(int column) const noexcept {
  // column_blob gives the bytes of text as they are; it comes before column_bytes (sqlite.org/c3ref/column_blob.html).
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view{}
                         : std::string_view{static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const noexcept {
  return is_null(column) ? std::nullopt : std::optional{integer(column)};
}

std::optional<int> Statement::optional_int(int column) const noexcept {
  return is_null(column) ? std::nullopt : std::optional{static_cast<int>(integer(column))};
}

std::optional<WallTime> Statement::optional_time(int column) const noexcept {
  return is_null(column) ? std::nullopt : std::optional{wall_time(column)};
}

}  // namespace belfry::ledger::sqlite
