#include "jobs/sql/run.hpp"

#include <exception>
#include <optional>
#include <utility>

#include "async/cancel.hpp"
#include "async/loop.hpp"
#include "async/timeout.hpp"
#include "io/io_error.hpp"
#include "jobs/saved_file.hpp"
#include "jobs/sql/rows.hpp"
#include "time/duration.hpp"

namespace belfry::jobs::sql {

namespace {

using ledger::Outcome;

constexpr std::size_t largest_script = std::size_t{16} << 20U;  // bytes
/// How long a server may take to hear that a statement is cancelled, and a connection to be closed.
constexpr auto cleanup_grace = std::chrono::seconds(10);

/// The run cannot go on: how it ends, and the sentence.
struct Ended {
  Outcome outcome;
  std::string message;
};

class SqlRun {
 public:
  SqlRun(const Spec& spec, Pool& pool, async::ThreadPool& threads) : spec_(spec), pool_(pool), threads_(threads) {}

  async::Task<> run(engine::Report& report) {
    begun_ = async::Loop::current().now_ns();
    if (!spec_.file.empty()) script_ = co_await prepared(read_regular_file(spec_.file, largest_script, "run"));
    if (script_.contains('\0')) throw Ended{Outcome::start_error, spec_.file + " holds a byte 0; is it text?"};
    std::optional<SavedFile> file;
    if (!spec_.save_to.empty()) file = co_await prepared(SavedFile::beside(spec_.save_to, threads_));
    Rows rows(spec_, file ? &*file : nullptr);
    std::exception_ptr failed;
    try {
      co_await with_connection(rows);
      if (file) co_await file->commit(threads_);
      report.message = sentence(rows);
    } catch (...) {
      failed = std::current_exception();
    }
    rows.report(report);
    if (!failed) co_return;
    if (file) co_await file->discard();
    std::rethrow_exception(failed);
  }

 private:
  /// What has to be there before anything is asked.
  template <class T>
  static async::Task<T> prepared(async::Task<T> task) {
    try {
      T value = co_await std::move(task);
      co_return value;
    } catch (const std::runtime_error& error) {
      throw Ended{Outcome::start_error, error.what()};
    }
  }

  async::Task<> with_connection(Rows& rows) {
    Pool::Lease lease = co_await prepared(pool_.take(spec_.connect_timeout));
    std::exception_ptr failed;
    bool usable = true;
    try {
      co_await use(lease.connection(), rows);
    } catch (const Error& error) {
      failed = std::make_exception_ptr(Ended{Outcome::failure, told(error)});
      usable = !error.lost();
    } catch (const Ended&) {
      failed = std::current_exception();
    } catch (const TooLong&) {
      failed = std::make_exception_ptr(Ended{Outcome::failure, told_too_long()});
      cut_short_ = true;
    } catch (const TooManyRows& error) {
      failed = std::make_exception_ptr(Ended{Outcome::failure, error.what() + rolled_back()});
      cut_short_ = true;
    } catch (...) {
      failed = std::current_exception();
      cut_short_ = true;
    }
    usable = usable && !cut_short_;
    co_await async::shielded(async::move_on_after(cleanup_grace, let_go(lease, usable)), 2 * cleanup_grace);
    if (failed) std::rethrow_exception(failed);
  }

  /// Ends what is left on the connection, and gives it back if that succeeds. Whatever fails here fails nobody.
  async::Task<> let_go(Pool::Lease& lease, bool usable) const {
    Connection& connection = lease.connection();
    try {
      if (usable) {
        if (connection.in_transaction()) co_await execute(connection, "ROLLBACK");
        co_await lease.give_back();
      } else {
        if (cut_short_) co_await connection.cancel();
        co_await connection.close();
      }
    } catch (const Error&) {  // it is closed with the lease
    }
  }

  async::Task<> use(Connection& connection, Rows& rows) {
    if (spec_.transaction) co_await limited(execute(connection, connection.begin_statement()));
    co_await limited(connection.start(spec_.file.empty() ? spec_.query : script_, spec_.parameters));
    while (true) {
      ++statement_;
      const auto end = co_await limited(connection.next(rows));
      if (!end) break;
      co_await rows.end(*end);
    }
    --statement_;
    if (statement_ == 0) throw Ended{Outcome::failure, "there is no statement in it"};
    ended_ = true;
    if (connection.in_transaction() && !spec_.transaction) {
      throw Ended{Outcome::failure,
                  "the statements left a transaction open, which was rolled back; end them with COMMIT, or set "
                  "transaction: true"};
    }
    if (!connection.in_transaction() && spec_.transaction) {
      throw Ended{
          Outcome::failure,
          "a statement ended the transaction (COMMIT, or one of MariaDB that commits by itself, such as CREATE and "
          "ALTER), so that it could not be rolled back; set transaction: false if that is meant"};
    }
    if (auto mismatch = rows.mismatch()) throw Ended{Outcome::failure, *std::move(mismatch) + rolled_back()};
    if (!spec_.transaction) co_return;
    committing_ = true;
    co_await limited(execute(connection, "COMMIT"));
  }

  template <class T>
  async::Task<T> limited(async::Task<T> task) {
    if (!spec_.statement_timeout) return task;
    return within(*spec_.statement_timeout, std::move(task));
  }

  template <class T>
  async::Task<T> within(std::chrono::nanoseconds limit, async::Task<T> task) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await async::with_timeout(limit, std::move(task));
        co_return;
      } else {
        T value = co_await async::with_timeout(limit, std::move(task));
        co_return value;
      }
    } catch (const async::TimeoutError&) {
      throw TooLong();
    }
  }

  /// A statement was cut short, because it took too long.
  struct TooLong {};

  std::string rolled_back() const { return spec_.transaction ? "; all was rolled back" : ""; }

  std::string told(const Error& error) const {
    if (committing_ && error.lost()) {
      return std::string(error.what()) + ", and whether the transaction was committed is not known";
    }
    const bool many = statement_ > 1 && !ended_;
    return (many ? "statement " + std::to_string(statement_) + ": " : "") + error.what() + rolled_back();
  }

  std::string sentence(const Rows& rows) const {
    const auto number = [](std::uint64_t count) { return std::to_string(count) + (count == 1 ? " row" : " rows"); };
    std::string text;
    if (rows.any_result()) text = number(rows.count());
    if (rows.changed() > 0 || !rows.any_result())
      text += (text.empty() ? "" : ", ") + number(rows.changed()) + " changed";
    const std::chrono::nanoseconds took(async::Loop::current().now_ns() - begun_);
    text += " in " + time::format_duration(std::chrono::ceil<std::chrono::milliseconds>(took));
    return spec_.save_to.empty() ? text : text + ", saved as " + spec_.save_to;
  }

  std::string told_too_long() const {
    return (statement_ > 1 ? "statement " + std::to_string(statement_) : "a statement") +
           " took longer than statement_timeout (" + time::format_duration(*spec_.statement_timeout) +
           "), and was cancelled" + rolled_back();
  }

  const Spec& spec_;
  Pool& pool_;
  async::ThreadPool& threads_;
  std::string script_;
  std::int64_t begun_ = 0;
  std::uint64_t statement_ = 0;  // the number of the one under way, from 1
  bool ended_ = false;           // all of them
  bool committing_ = false;
  bool cut_short_ = false;  // a statement, which may run on
};

}  // namespace

async::Task<Outcome> run_sql(const Spec& spec, Pool& pool, async::ThreadPool& threads, engine::Report& report) {
  SqlRun run(spec, pool, threads);
  try {
    co_await run.run(report);
    co_return Outcome::success;
  } catch (const Ended& ended) {
    report.message = ended.message;
    co_return ended.outcome;
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    report.message = error.what();
  }
  co_return Outcome::failure;
}

}  // namespace belfry::jobs::sql
