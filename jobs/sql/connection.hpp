// What an sql action asks of a database, whichever it is: one connection, its statements, their rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/target.hpp"

namespace belfry::jobs::sql {

/// What a database complains about, as one sentence that ends without a full stop and holds no password.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence, bool lost = false) : std::runtime_error(sentence), lost_(lost) {}

  /// The connection is of no use any more; what it had under way is undone by the database.
  bool lost() const noexcept { return lost_; }

 private:
  bool lost_;
};

/// One value of a row; only borrowed.
struct Value {
  enum class Kind : std::uint8_t {
    null,
    text,
    number,
    truth,  ///< "true" or "false"
    json,   ///< is JSON
    bytes,  ///< as they are
  };
  Kind kind = Kind::null;
  std::string_view text;
};

/// What a placeholder stands for.
struct Parameter {
  enum class Kind : std::uint8_t { null, text, integer, real, truth };
  Kind kind = Kind::null;
  std::string text;
};

/// Who takes rows. One thread at a time: that of the loop, or one of the pool while the loop's task waits for it.
class RowSink {
 public:
  /// A result with rows begins.
  virtual void begin(std::span<const std::string> columns) = 0;
  /// False: drain() first, before more. What it throws ends the statement.
  virtual bool row(std::span<const Value> values) = 0;
  /// Makes room. On the loop.
  virtual async::Task<> drain() = 0;

 protected:
  ~RowSink() = default;
};

/// How a statement ended.
struct StatementEnd {
  bool had_rows = false;
  std::uint64_t changed = 0;  ///< rows that it inserted, changed or deleted
};

/// Loop thread only; all members throw Error. A call that was cancelled, or ended by another exception than an Error
/// that is not lost(), leaves a connection of which only cancel() and close() may be called.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Sends one or more statements; with parameters exactly one, whose placeholders are those of the database. `sql` is
  /// borrowed until next() has given nothing.
  virtual async::Task<> start(std::string_view sql, std::span<const Parameter> parameters) = 0;

  /// Gives the rows of the next statement to the sink, as they come, and its end; nothing: that was the last. An error
  /// of a statement ends all of them.
  virtual async::Task<std::optional<StatementEnd>> next(RowSink& sink) = 0;

  /// Ends what runs, where it runs: on the server. Called shielded, within a grace.
  virtual async::Task<> cancel() = 0;

  /// Lets go of all that a user may have set, made or locked for the session, so that somebody else can use it.
  virtual async::Task<> reset() = 0;

  /// A round trip. Throws Error when the connection is dead.
  virtual async::Task<> check() = 0;

  /// Ends it in order. Without it the destructor does so, and may block for the time of a write.
  virtual async::Task<> close() = 0;

  virtual bool in_transaction() const noexcept = 0;
  /// Whether it is worth keeping for the next run.
  virtual bool can_be_kept() const noexcept = 0;
  /// The statement that begins a transaction.
  virtual std::string_view begin_statement() const noexcept { return "BEGIN"; }
};

/// A new connection. Names are looked up by a thread of the pool. Cancellation: gives it up at once.
async::Task<std::unique_ptr<Connection>> connect(const Target& target, async::ThreadPool& pool);

/// Runs statements whose rows nobody wants.
async::Task<> execute(Connection& connection, std::string_view sql);

}  // namespace belfry::jobs::sql
