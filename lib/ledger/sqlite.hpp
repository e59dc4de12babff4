// The thin layer over SQLite's C API: a connection and a statement that close themselves and report errors in full.
//
// Private to lib/ledger; only sqlite.cpp includes sqlite3.h. A connection and its statements belong to one thread at a
// time (they are opened without SQLite's own mutexes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/entry.hpp"
#include "ledger/error.hpp"

struct sqlite3;
struct sqlite3_backup;
struct sqlite3_stmt;

namespace belfry::ledger::sqlite {

/// What SQLite reported; what() reads "FILE: OPERATION: cause", with advice when the file is damaged or no database.
class Error : public LedgerError {
 public:
  Error(int code, const std::string& text) : LedgerError(text), code_(code) {}

  /// The extended result code, e.g. SQLITE_IOERR_FSYNC.
  int code() const noexcept { return code_; }

  /// Whether the statement's values are at fault (a constraint, a value too big): another try would fail the same way,
  /// while the rest of the transaction is intact.
  bool is_about_values() const noexcept;

  /// Whether the file is damaged, or no database at all.
  bool is_damage() const noexcept;

  /// Whether interrupt() ended the statement.
  bool is_interrupt() const noexcept;

 private:
  int code_;
};

enum class Mode : std::uint8_t { read_write, read_only };

class Connection {
 public:
  /// Opens the existing file. Throws Error.
  Connection(std::string path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one or more statements without values and without rows. Throws Error.
  void execute(const char* sql);

  /// The first column of the first row, or `otherwise` when there is none. Throws Error.
  std::int64_t integer(const char* sql, std::int64_t otherwise = 0);
  std::string text(const char* sql);

  /// How many rows the last INSERT, UPDATE or DELETE touched.
  std::int64_t changes() const noexcept;
  std::int64_t last_insert_rowid() const noexcept;
  bool in_transaction() const noexcept;

  /// Ends the transaction, if one is open, as if it had never begun. Never fails.
  void rollback() noexcept;

  /// Copies what the write-ahead log holds into the file, as far as readers let it. Throws Error.
  void checkpoint();

  /// Whether closing the last connection copies the write-ahead log into the file, as it does at first. Where not, the
  /// file stays as it is, byte for byte. Throws Error.
  void checkpoint_at_close(bool wanted);

  /// Makes the statement that runs now fail soon. Any thread, while the connection lives.
  void interrupt() noexcept;

  /// Throws the error that the connection reported last for `operation`.
  [[noreturn]] void fail(int code, std::string_view operation) const;

  const std::string& path() const noexcept { return path_; }
  sqlite3* handle() const noexcept { return db_; }

 private:
  std::string path_;
  sqlite3* db_ = nullptr;
};

/// Copies a whole database, page by page, into another one, whose content is lost. Must not outlive either.
class PageCopy {
 public:
  /// A transaction that is open on `from` holds the copy to what it sees, while others go on writing. Throws Error.
  PageCopy(Connection& from, Connection& to);
  ~PageCopy();
  PageCopy(const PageCopy&) = delete;
  PageCopy& operator=(const PageCopy&) = delete;

  /// Copies so many pages; false when it was the last. Throws Error.
  bool step(int pages);

 private:
  Connection& to_;
  sqlite3_backup* copy_ = nullptr;
};

/// Bytes that are stored as they are, where std::string_view is stored as text.
struct Blob {
  std::string_view bytes;
};

/// A prepared statement, used over and over. Must not outlive its connection.
class Statement {
 public:
  /// Throws Error when the SQL is wrong or names what the schema has not.
  Statement(Connection& connection, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Binds the values to ?1, ?2, ... and runs the statement to its end. What is bound is only borrowed. Throws Error.
  template <class... Values>
  void run(const Values&... values) {
    start(values...);
    try {
      while (step()) {
      }
    } catch (...) {
      reset();
      throw;
    }
    reset();
  }

  /// Binds the values for a series of step(). What is bound is borrowed until the next start() or reset().
  template <class... Values>
  void start(const Values&... values) {
    reset();
    int index = 0;  // NOLINT(misc-const-correctness): there may be no values
    (bind(++index, values), ...);
  }

  /// Moves to the next row; false when there is none. Throws Error.
  bool step();

  /// Lets go of the row and of any lock that it holds.
  void reset() noexcept;

  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, bool value) { bind(index, std::int64_t{value ? 1 : 0}); }
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);
  void bind(int index, Duration value) { bind(index, std::int64_t{value.count()}); }
  void bind(int index, WallTime value) { bind(index, value.time_since_epoch()); }
  void bind_null(int index);
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind_null(index);
    }
  }

  // Columns of the current row, counted from 0.
  bool is_null(int column) const noexcept;
  std::int64_t integer(int column) const noexcept;
  std::uint64_t count(int column) const noexcept { return static_cast<std::uint64_t>(integer(column)); }
  Duration duration(int column) const noexcept { return Duration{integer(column)}; }
  WallTime wall_time(int column) const noexcept { return WallTime{duration(column)}; }
  std::string_view text(int column) const noexcept;  ///< or a blob; valid until the next step() or reset()
  std::string string(int column) const { return std::string{text(column)}; }
  std::optional<std::int64_t> optional_integer(int column) const noexcept;
  std::optional<int> optional_int(int column) const noexcept;
  std::optional<WallTime> optional_time(int column) const noexcept;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace belfry::ledger::sqlite
