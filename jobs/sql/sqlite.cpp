#include "jobs/sql/sqlite.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "jobs/sql/sentences.hpp"

namespace belfry::jobs::sql {

namespace {

constexpr int largest_value = 64 << 20;    // bytes; more would have to be held in memory at once
constexpr int steps_between_looks = 1000;  // of SQLite's machine, until it is asked whether it shall stop
constexpr auto pause_for_lock = std::chrono::milliseconds(5);

Value::Kind kind_of(int type) noexcept {
  if (type == SQLITE_BLOB) return Value::Kind::bytes;
  return type == SQLITE_TEXT ? Value::Kind::text : Value::Kind::number;
}

/// One open file. One thread at a time.
class Database {
 public:
  explicit Database(const Target& target) : lock_timeout_(target.lock_timeout) {
    const auto mode = target.options.find("mode");
    const std::string_view word = mode == target.options.end() ? "rw" : std::string_view(mode->second);
    int flags = SQLITE_OPEN_NOMUTEX | (word == "ro" ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    if (word == "rwc") flags |= SQLITE_OPEN_CREATE;
    read_only_ = word == "ro";
    const int result = sqlite3_open_v2(target.database.c_str(), &db_, flags, nullptr);
    if (db_ == nullptr) throw std::bad_alloc();
    if (result != SQLITE_OK) {
      std::string sentence = "cannot open " + target.database + ": " + sqlite3_errmsg(db_);
      if (result == SQLITE_CANTOPEN && word != "rwc") {
        sentence += "; a file that is not there is made only with sqlite:PATH?mode=rwc";
      }
      sqlite3_close(std::exchange(db_, nullptr));
      throw Error(sentence, true);
    }
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, largest_value);
    sqlite3_busy_handler(
        db_, [](void* self, int tries) { return static_cast<Database*>(self)->wait_for_lock(tries); }, this);
    sqlite3_progress_handler(
        db_, steps_between_looks,
        [](void* self) { return static_cast<Database*>(self)->stop_.stop_requested() ? 1 : 0; }, this);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { close(); }

  void close() noexcept {
    sqlite3_finalize(std::exchange(statement_, nullptr));
    sqlite3_close(std::exchange(db_, nullptr));
  }

  void begin(std::string_view sql, std::span<const Parameter> parameters) {
    sql_ = sql;
    at_ = 0;
    parameters_.assign(parameters.begin(), parameters.end());
  }

  enum class Step : std::uint8_t { full, statement_ended, all_ended };

  /// Goes on until the sink is full, or a statement has ended.
  Step go_on(const std::stop_token& stop, RowSink& sink, StatementEnd& end) {
    stop_ = stop;
    const std::stop_callback interrupt(stop, [this] { sqlite3_interrupt(db_); });
    if (statement_ == nullptr && !prepare(sink)) return Step::all_ended;
    while (true) {
      const int result = sqlite3_step(statement_);
      if (result == SQLITE_ROW) {
        if (!give(sink)) return Step::full;
      } else if (result == SQLITE_DONE) {
        break;
      } else {
        fail();
      }
    }
    end.had_rows = sqlite3_column_count(statement_) > 0;
    end.changed = static_cast<std::uint64_t>(sqlite3_total_changes(db_) - changes_before_);
    sqlite3_finalize(std::exchange(statement_, nullptr));
    return Step::statement_ended;
  }

  bool in_transaction() const noexcept { return db_ != nullptr && sqlite3_get_autocommit(db_) == 0; }
  bool read_only() const noexcept { return read_only_; }

 private:
  /// The next statement; false: there is none.
  bool prepare(RowSink& sink) {
    while (statement_ == nullptr) {
      if (at_ >= sql_.size()) return false;
      const char* rest = nullptr;
      const std::string_view text = sql_.substr(at_);
      statement_at_ = at_;
      const int result = sqlite3_prepare_v2(db_, text.data(), static_cast<int>(text.size()), &statement_, &rest);
      if (result != SQLITE_OK) fail();
      at_ += static_cast<std::size_t>(rest - text.data());
    }
    bind();
    changes_before_ = sqlite3_total_changes(db_);
    const int columns = sqlite3_column_count(statement_);
    if (columns > 0) {
      std::vector<std::string> names;
      names.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(statement_, i));
      values_.resize(names.size());
      sink.begin(names);
    }
    return true;
  }

  void bind() {
    if (parameters_.empty()) return;
    if (first_word(at_, " \t\r\n;") != sql_.size()) {
      throw Error("parameters are for one statement, and there are more; make a job of each");
    }
    const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_));
    if (wanted != parameters_.size()) {
      throw Error("the statement has " + std::to_string(wanted) + " placeholders, and " +
                  std::to_string(parameters_.size()) + " parameters are given");
    }
    for (int i = 0; const Parameter& parameter : parameters_) bind_one(++i, parameter);
  }

  void bind_one(int index, const Parameter& parameter) {
    const std::string& text = parameter.text;
    std::int64_t integer = 0;
    double real = 0;
    switch (parameter.kind) {
      case Parameter::Kind::null:
        sqlite3_bind_null(statement_, index);
        return;
      case Parameter::Kind::truth:
        sqlite3_bind_int(statement_, index, text == "true" ? 1 : 0);
        return;
      case Parameter::Kind::integer:
        std::from_chars(text.data(), text.data() + text.size(), integer);
        sqlite3_bind_int64(statement_, index, integer);
        return;
      case Parameter::Kind::real:
        std::from_chars(text.data(), text.data() + text.size(), real);
        sqlite3_bind_double(statement_, index, real);
        return;
      case Parameter::Kind::text:
        sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
        return;
    }
  }

  bool give(RowSink& sink) {
    for (int i = 0; Value & value : values_) {
      const int type = sqlite3_column_type(statement_, i);
      value = {};
      if (type != SQLITE_NULL) {
        const void* const data = type == SQLITE_BLOB ? sqlite3_column_blob(statement_, i)
                                                     : static_cast<const void*>(sqlite3_column_text(statement_, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, i));
        if (data == nullptr && size > 0) throw std::bad_alloc();
        value.text = {static_cast<const char*>(data), data == nullptr ? 0 : size};
        value.kind = kind_of(type);
        if (type == SQLITE_FLOAT && value.text.contains("Inf")) value.kind = Value::Kind::text;  // no number of JSON
      }
      ++i;
    }
    return sink.row(values_);
  }

  /// Where the first word from `at` on begins, behind comments and these characters; the end if there is none.
  std::size_t first_word(std::size_t at, std::string_view blanks = " \t\r\n") const noexcept {
    while (true) {
      at = std::min(sql_.find_first_not_of(blanks, at), sql_.size());
      const std::string_view rest = sql_.substr(at);
      const std::string_view end = rest.starts_with("--") ? "\n" : rest.starts_with("/*") ? "*/" : "";
      if (end.empty()) return at;
      const auto found = sql_.find(end, at + 2);
      at = found == std::string_view::npos ? sql_.size() : found + end.size();
    }
  }

  [[noreturn]] void fail() {
    const int code = sqlite3_errcode(db_) & 0xFF;
    std::string sentence = one_line(sqlite3_errmsg(db_));
    const int offset = sqlite3_error_offset(db_);  // of the statement; -1: SQLite does not know where in it
    const std::size_t place = offset < 0 ? first_word(statement_at_) : statement_at_ + static_cast<std::size_t>(offset);
    const auto line = 1 + std::ranges::count(sql_.substr(0, place), '\n');
    if (offset >= 0 || line > 1) sentence += ", line " + std::to_string(line);
    if (code == SQLITE_BUSY) sentence += "; somebody else writes to it, or holds it for longer than lock_timeout";
    if (code == SQLITE_READONLY) sentence += "; may belfryd write to the file and its folder?";
    if (code == SQLITE_NOTADB) sentence += "; is this a file of SQLite?";
    sqlite3_finalize(std::exchange(statement_, nullptr));
    at_ = sql_.size();
    throw Error(sentence);
  }

  /// Not SQLite's own, which nothing could interrupt.
  int wait_for_lock(int tries) {
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) waiting_since_ = now;
    if (stop_.stop_requested() || now - waiting_since_ >= lock_timeout_) return 0;
    std::this_thread::sleep_for(pause_for_lock);
    return 1;
  }

  std::chrono::nanoseconds lock_timeout_;
  std::chrono::steady_clock::time_point waiting_since_;
  std::stop_token stop_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string_view sql_;
  std::size_t at_ = 0;            // where the rest of it begins
  std::size_t statement_at_ = 0;  // where the statement begins
  int changes_before_ = 0;
  std::vector<Parameter> parameters_;
  std::vector<Value> values_;
  bool read_only_ = false;
};

class Sqlite final : public Connection {
 public:
  Sqlite(std::shared_ptr<Database> database, async::ThreadPool& pool) : database_(std::move(database)), pool_(pool) {}

  async::Task<> start(std::string_view sql, std::span<const Parameter> parameters) override {
    database_->begin(sql, parameters);
    co_return;
  }

  async::Task<std::optional<StatementEnd>> next(RowSink& sink) override {
    StatementEnd end;
    while (true) {
      const auto step = co_await pool_.run([database = database_, &sink, &end](const std::stop_token& stop) {
        return database->go_on(stop, sink, end);
      });
      if (step == Database::Step::all_ended) co_return std::nullopt;
      if (step == Database::Step::statement_ended) co_return end;
      co_await sink.drain();
    }
  }

  async::Task<> cancel() override { co_return; }  // next() has interrupted it
  async::Task<> reset() override { co_return; }
  async::Task<> check() override { co_return; }
  async::Task<> close() override {
    co_await pool_.run([database = database_] { database->close(); });  // may write the whole log into the file
  }

  bool in_transaction() const noexcept override { return database_->in_transaction(); }
  bool can_be_kept() const noexcept override { return false; }  // the next run may want another file of that name
  std::string_view begin_statement() const noexcept override {
    return database_->read_only() ? "BEGIN" : "BEGIN IMMEDIATE";  // or two that began could wait for each other
  }

 private:
  std::shared_ptr<Database> database_;
  async::ThreadPool& pool_;
};

}  // namespace

async::Task<std::unique_ptr<Connection>> open_sqlite(const Target& target, async::ThreadPool& pool) {
  auto database = co_await pool.run([target] { return std::make_shared<Database>(target); });
  co_return std::make_unique<Sqlite>(std::move(database), pool);
}

}  // namespace belfry::jobs::sql
