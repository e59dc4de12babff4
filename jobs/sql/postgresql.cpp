#include "jobs/sql/postgresql.hpp"

#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "async/time_slice.hpp"
#include "io/fd_watcher.hpp"
#include "jobs/sql/sentences.hpp"

namespace belfry::jobs::sql {

namespace {

using Handle = std::shared_ptr<PGconn>;
using io::FdWatcher;

struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// Of pg_type, where they are the same for ever.
Value::Kind kind_of(Oid type) noexcept {
  switch (type) {
    case 16:  // bool
      return Value::Kind::truth;
    case 20:  // int8, int2, int4, oid, float4, float8, numeric
    case 21:
    case 23:
    case 26:
    case 700:
    case 701:
    case 1700:
      return Value::Kind::number;
    case 114:  // json, jsonb
    case 3802:
      return Value::Kind::json;
    default:
      return Value::Kind::text;  // bytea, too: the server writes it as \x and digits
  }
}

Value value_of(const PGresult* row, int column, Value::Kind kind) noexcept {
  if (PQgetisnull(row, 0, column) != 0) return {};
  const std::string_view text(PQgetvalue(row, 0, column), static_cast<std::size_t>(PQgetlength(row, 0, column)));
  if (kind == Value::Kind::truth) return {kind, text == "t" ? "true" : "false"};
  const bool finite =
      kind != Value::Kind::number || text.find_first_of("Ny") == std::string_view::npos;  // NaN, Infinity
  return {finite ? kind : Value::Kind::text, text};
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

std::string field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

/// "relation "x" does not exist (42P01), line 3; HINT".
std::string sentence_of(const PGresult* result, std::string_view sql) {
  std::string text = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (text.empty()) return first_line(PQresultErrorMessage(result));
  const std::string code = field(result, PG_DIAG_SQLSTATE);
  if (!code.empty()) text += " (" + code + ")";
  const std::string position =
      field(result, PG_DIAG_STATEMENT_POSITION);  // in characters, which UTF-8 may have more of
  std::size_t at = 0;
  std::from_chars(position.data(), position.data() + position.size(), at);
  if (at > 0) text += ", line " + std::to_string(line_of_character(sql, at - 1));
  const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  const std::string hint = field(result, PG_DIAG_MESSAGE_HINT);
  if (!detail.empty()) text += ": " + detail;
  if (!hint.empty()) text += "; " + hint;
  return one_line(text);
}

std::uint64_t changed_rows(PGresult* result) noexcept {
  const std::string_view tag = PQcmdStatus(result);
  if (tag.starts_with("SELECT") || tag.starts_with("FETCH")) return 0;
  const std::string_view count = PQcmdTuples(result);
  std::uint64_t rows = 0;
  std::from_chars(count.data(), count.data() + count.size(), rows);
  return rows;
}

/// The rows of one statement, which come one at a time.
class Row {
 public:
  /// Tells the sink of the columns, once.
  void begin(const PGresult* result, RowSink& sink) {
    if (std::exchange(begun_, true)) return;
    std::vector<std::string> names;
    for (int i = 0; i < PQnfields(result); ++i) {
      names.emplace_back(PQfname(result, i));
      kinds_.push_back(kind_of(PQftype(result, i)));
    }
    values_.resize(kinds_.size());
    sink.begin(names);
  }

  /// As RowSink::row().
  bool give(const PGresult* result, RowSink& sink) {
    begin(result, sink);
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = value_of(result, static_cast<int>(i), kinds_[i]);
    return sink.row(values_);
  }

 private:
  bool begun_ = false;
  std::vector<Value::Kind> kinds_;
  std::vector<Value> values_;
};

class Postgresql final : public Connection {
 public:
  Postgresql(Handle handle, async::ThreadPool& pool) : handle_(std::move(handle)), pool_(pool) {}

  async::Task<> start(std::string_view sql, std::span<const Parameter> parameters) override {
    sql_ = sql;
    if (parameters.empty()) {
      need(PQsendQuery(raw(), std::string(sql).c_str()));
    } else {
      std::vector<const char*> values;
      for (const Parameter& parameter : parameters) {
        values.push_back(parameter.kind == Parameter::Kind::null ? nullptr : parameter.text.c_str());
      }
      need(PQsendQueryParams(raw(), std::string(sql).c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                             nullptr, nullptr, 0));
    }
    need(PQsetSingleRowMode(raw()));
    std::optional<FdWatcher> watcher;
    for (int left = 1; left != 0;) {
      left = PQflush(raw());
      if (left < 0) throw lost();
      if (left == 0) continue;
      if (!watcher) watcher.emplace(PQsocket(raw()), FdWatcher::Interest::both);
      co_await watcher->writable();
    }
  }

  async::Task<std::optional<StatementEnd>> next(RowSink& sink) override {
    std::optional<FdWatcher> watcher;
    async::TimeSlice slice;
    Row row;
    while (true) {
      while (PQisBusy(raw()) != 0) {
        if (!watcher) watcher.emplace(PQsocket(raw()));
        co_await watcher->readable();
        if (PQconsumeInput(raw()) == 0) throw lost();
      }
      const Result result(PQgetResult(raw()));
      if (!result) co_return std::nullopt;
      switch (PQresultStatus(result.get())) {
        case PGRES_SINGLE_TUPLE:
          if (!row.give(result.get(), sink)) co_await sink.drain();
          co_await slice.pause();
          break;
        case PGRES_TUPLES_OK:
          row.begin(result.get(), sink);
          co_return StatementEnd{true, changed_rows(result.get())};
        case PGRES_COMMAND_OK:
          co_return StatementEnd{false, changed_rows(result.get())};
        case PGRES_EMPTY_QUERY:
          break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
          throw Error("COPY from and to the client is not possible here; use INSERT, or SELECT with save_to", true);
        default:
          watcher.reset();
          co_await fail(sentence_of(result.get(), sql_));
      }
    }
  }

  async::Task<> cancel() override {
    const std::shared_ptr<PGcancel> request(PQgetCancel(raw()), PQfreeCancel);
    co_await pool_.run(async::OnCancel::abandon, [request] {
      std::array<char, 256> why{};
      return request ? PQcancel(request.get(), why.data(), static_cast<int>(why.size())) : 0;
    });
  }

  async::Task<> reset() override { co_await execute(*this, "DISCARD ALL"); }
  async::Task<> check() override { co_await execute(*this, ";"); }
  async::Task<> close() override {
    handle_.reset();
    co_return;
  }

  bool in_transaction() const noexcept override {
    const auto status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }
  bool can_be_kept() const noexcept override { return true; }

 private:
  PGconn* raw() const noexcept { return handle_.get(); }

  void need(int done) const {
    if (done == 0) throw Error(first_line(PQerrorMessage(raw())), PQstatus(raw()) != CONNECTION_OK);
  }
  Error lost() const { return Error("the connection was lost: " + first_line(PQerrorMessage(raw())), true); }

  /// Takes what still comes, so that the connection can be used again, and throws.
  async::Task<> fail(std::string sentence) {
    FdWatcher watcher(PQsocket(raw()));
    while (PQstatus(raw()) == CONNECTION_OK) {
      while (PQisBusy(raw()) != 0) {
        co_await watcher.readable();
        if (PQconsumeInput(raw()) == 0) break;
      }
      const Result result(PQgetResult(raw()));
      if (!result) break;
    }
    const bool gone = PQstatus(raw()) != CONNECTION_OK;
    throw Error((gone ? "the connection was lost: " : "") + sentence, gone);
  }

  Handle handle_;
  async::ThreadPool& pool_;
  std::string_view sql_;
};

std::vector<std::pair<const char*, std::string>> words_of(const Target& target) {
  // Encryption by Kerberos would ask its servers where it stands; whoever wants it says so.
  std::vector<std::pair<const char*, std::string>> words{{"client_encoding", "UTF8"},
                                                         {"fallback_application_name", "belfry"},
                                                         {"gssencmode", "disable"},
                                                         {"dbname", target.database}};
  words.emplace_back("host", target.host.empty() ? "/var/run/postgresql" : target.host);
  words.emplace_back("hostaddr", "");  // or that of the environment would hold
  if (target.port != 0) words.emplace_back("port", std::to_string(target.port));
  if (!target.user.empty()) words.emplace_back("user", target.user);
  if (!target.password.empty()) words.emplace_back("password", target.password);
  for (const auto& [name, value] : target.options) words.emplace_back(name.c_str(), value);  // a later one wins
  return words;
}

/// Looks up the name, and begins. Blocking.
Handle begin_to_connect(const Target& target) {
  const auto words = words_of(target);
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : words) {
    names.push_back(name);
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return {PQconnectStartParams(names.data(), values.data(), 0), PQfinish};
}

}  // namespace

async::Task<std::unique_ptr<Connection>> connect_postgresql(const Target& target, async::ThreadPool& pool) {
  const Handle handle = co_await pool.run(async::OnCancel::abandon, begin_to_connect, target);
  if (!handle) throw std::bad_alloc();
  PGconn* const raw = handle.get();
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  auto state = PGRES_POLLING_WRITING;  // what comes first, after PQconnectStart
  while (PQstatus(raw) != CONNECTION_BAD && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    {  // the socket may be another one each time
      const bool reading = state == PGRES_POLLING_READING;
      FdWatcher watcher(PQsocket(raw), reading ? FdWatcher::Interest::read : FdWatcher::Interest::write);
      co_await (reading ? watcher.readable() : watcher.writable());
    }
    state = PQconnectPoll(raw);
  }
  if (PQstatus(raw) != CONNECTION_OK) throw cannot_connect(target, PQerrorMessage(raw));
  PQsetnonblocking(raw, 1);
  co_return std::make_unique<Postgresql>(handle, pool);
}

}  // namespace belfry::jobs::sql
