#include "jobs/sql/mariadb.hpp"

#include <errmsg.h>
#include <fcntl.h>
#include <mysql.h>
#include <sys/socket.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "async/time_slice.hpp"
#include "io/fd_watcher.hpp"
#include "jobs/sql/hex.hpp"
#include "jobs/sql/sentences.hpp"

namespace belfry::jobs::sql {

namespace {

using io::FdWatcher;

constexpr unsigned long largest_packet = 64UL << 20U;  // bytes of a row; more would have to be held in memory at once
constexpr int any_event = MYSQL_WAIT_READ | MYSQL_WAIT_WRITE;

/// One handle of the client library, with what its calls borrow.
struct Session {
  explicit Session(Target whom) : target(std::move(whom)) {
    static std::once_flag once;
    std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
    if (mysql_init(&mysql) == nullptr) throw std::bad_alloc();
    const my_bool no = 0;
    const my_bool yes = 1;
    const unsigned int infile = 0;  // or the server could ask for any file of this machine
    const unsigned int tcp = MYSQL_PROTOCOL_TCP;
    mysql_options(&mysql, MYSQL_OPT_NONBLOCK, nullptr);
    mysql_options(&mysql, MYSQL_OPT_LOCAL_INFILE, &infile);
    mysql_options(&mysql, MYSQL_OPT_RECONNECT, &no);
    mysql_options(&mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(&mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest_packet);
    if (!target.host.empty()) mysql_options(&mysql, MYSQL_OPT_PROTOCOL, &tcp);
    const std::string mode = option("sslmode");
    if (mode == "require" || mode == "verify-full") mysql_options(&mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (mode == "verify-full") mysql_options(&mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    if (const char* const file = text("sslrootcert")) mysql_options(&mysql, MYSQL_OPT_SSL_CA, file);
    if (const char* const file = text("sslcert")) mysql_options(&mysql, MYSQL_OPT_SSL_CERT, file);
    if (const char* const file = text("sslkey")) mysql_options(&mysql, MYSQL_OPT_SSL_KEY, file);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Never waits for the server: what is under way ends with the connection.
  ~Session() {
    if (pending || result != nullptr) ::shutdown(mysql_get_socket(&mysql), SHUT_RDWR);
    while (pending && pending(any_event) != 0) {
    }
    mysql_free_result(result);
    mysql_close(&mysql);
  }

  std::string option(const char* name) const {
    const auto found = target.options.find(name);
    return found == target.options.end() ? "" : found->second;
  }
  /// nullptr: it is not given.
  const char* text(const char* name) const {
    const auto found = target.options.find(name);
    return found == target.options.end() ? nullptr : found->second.c_str();
  }

  /// Looks up the name, and begins. Blocking.
  int begin_to_connect() {
    const char* const password = target.password.empty() ? nullptr : target.password.c_str();
    const char* const socket = target.host.empty() ? text("socket") : nullptr;
    return mysql_real_connect_start(&connected, &mysql, target.host.empty() ? nullptr : target.host.c_str(),
                                    target.user.empty() ? nullptr : target.user.c_str(), password,
                                    target.database.c_str(), target.port, socket,
                                    CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS);
  }

  /// Waits for the socket until the call that answered `status` is done.
  async::Task<> finish(int status, std::function<int(int)> go_on) {
    if (status != 0) pending = std::move(go_on);
    while (status != 0) {
      const int fd = mysql_get_socket(&mysql);
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
      {
        const bool reading = (status & MYSQL_WAIT_READ) != 0;
        FdWatcher watcher(fd, reading ? FdWatcher::Interest::read : FdWatcher::Interest::write);
        co_await (reading ? watcher.readable() : watcher.writable());
        status &= any_event;
      }
      status = pending(status);
    }
    pending = nullptr;
  }

  Target target;
  MYSQL mysql{};
  MYSQL* connected = nullptr;
  MYSQL_RES* result = nullptr;
  std::function<int(int)> pending;  // goes on with a call that waits for the socket
  int failed = 0;                   // what such a call answers, which may come when nobody waits any more
  my_bool refused = 0;
  MYSQL_ROW row = nullptr;
  std::string sent;
};

bool is_lost(unsigned int code) noexcept {
  // Client: 2000 and up. Server: it stops, the connection was killed, or was idle for too long.
  return (code >= 2000 && code < 3000) || code == 1053 || code == 1927 || code == 4031;
}

Error complaint(MYSQL& mysql) {
  const unsigned int code = mysql_errno(&mysql);
  const bool lost = is_lost(code);
  return Error(
      (lost ? "the connection was lost: " : "") + one_line(mysql_error(&mysql)) + " (" + std::to_string(code) + ")",
      lost);
}

Value::Kind kind_of(const MYSQL_FIELD& field) noexcept {
  constexpr unsigned int binary = 63;
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_YEAR:
      return (field.flags & ZEROFILL_FLAG) != 0 ? Value::Kind::text : Value::Kind::number;  // JSON has no 007
    case MYSQL_TYPE_JSON:
      return Value::Kind::json;
    case MYSQL_TYPE_BIT:
    case MYSQL_TYPE_GEOMETRY:
      return Value::Kind::bytes;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_VAR_STRING:
      return field.charsetnr == binary ? Value::Kind::bytes : Value::Kind::text;
    default:
      return Value::Kind::text;
  }
}

/// A literal that holds any text, whatever the server makes of quotation marks and backslashes.
std::string literal(std::string_view text) {
  std::string out = "CONVERT(x'";
  append_hex(text, out);
  return out + "' USING utf8mb4)";
}

std::string literal(const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::null) return "NULL";
  return parameter.kind == Parameter::Kind::text ? literal(parameter.text) : parameter.text;
}

/// The same by a statement that the server prepares: what a parameter holds is never read as SQL. What it leaves in the
/// session goes by reset().
std::string prepared(std::string_view sql, std::span<const Parameter> parameters) {
  std::string values = "SET @belfry_sql = " + literal(sql);
  std::string names;
  for (int i = 0; const Parameter& parameter : parameters) {
    const std::string name = "@belfry_" + std::to_string(++i);
    values += ", " + name + " = " + literal(parameter);
    names += (names.empty() ? "" : ", ") + name;
  }
  return values + "; PREPARE belfry FROM @belfry_sql; EXECUTE belfry USING " + names;
}

class Mariadb final : public Connection {
 public:
  Mariadb(std::shared_ptr<Session> session, async::ThreadPool& pool) : session_(std::move(session)), pool_(pool) {}

  async::Task<> start(std::string_view sql, std::span<const Parameter> parameters) override {
    session_->sent = parameters.empty() ? std::string(sql) : prepared(sql, parameters);
    passed_over_ = parameters.empty() ? 0 : 2;  // SET and PREPARE
    first_ = true;
    Session& session = *session_;
    const int status = mysql_send_query_start(&session.failed, raw(), session.sent.data(), session.sent.size());
    co_await session.finish(
        status, [&session](int events) { return mysql_send_query_cont(&session.failed, &session.mysql, events); });
    if (session.failed != 0) throw complaint(*raw());
  }

  async::Task<std::optional<StatementEnd>> next(RowSink& sink) override {
    while (true) {
      if (!co_await to_next_result()) co_return std::nullopt;
      const StatementEnd end = co_await read_result(sink);
      if (passed_over_ == 0) co_return end;
      --passed_over_;
    }
  }

  async::Task<> cancel() override {
    const auto killer = co_await connect_mariadb(session_->target, pool_);
    co_await execute(*killer, "KILL QUERY " + std::to_string(mysql_thread_id(raw())));
  }

  async::Task<> reset() override {
    Session& session = *session_;
    const int status = mysql_reset_connection_start(&session.failed, raw());
    co_await session.finish(status, [&session](int events) {
      return mysql_reset_connection_cont(&session.failed, &session.mysql, events);
    });
    if (session.failed != 0) throw complaint(*raw());
    co_await execute(*this, "SET NAMES utf8mb4");  // which the server has forgotten, too
  }

  async::Task<> check() override {
    Session& session = *session_;
    const int status = mysql_ping_start(&session.failed, raw());
    co_await session.finish(
        status, [&session](int events) { return mysql_ping_cont(&session.failed, &session.mysql, events); });
    if (session.failed != 0) throw complaint(*raw());
  }

  async::Task<> close() override {
    session_.reset();
    co_return;
  }

  bool in_transaction() const noexcept override {
    return session_ && (session_->mysql.server_status & SERVER_STATUS_IN_TRANS) != 0;
  }
  bool can_be_kept() const noexcept override { return true; }

 private:
  MYSQL* raw() const noexcept { return &session_->mysql; }

  /// False: there was no further one.
  async::Task<bool> to_next_result() {
    Session& session = *session_;
    if (std::exchange(first_, false)) {
      const int status = mysql_read_query_result_start(&session.refused, raw());
      co_await session.finish(status, [&session](int events) {
        return mysql_read_query_result_cont(&session.refused, &session.mysql, events);
      });
      if (session.refused != 0) throw complaint(*raw());
      co_return true;
    }
    if (mysql_more_results(raw()) == 0) co_return false;
    const int status = mysql_next_result_start(&session.failed, raw());
    co_await session.finish(
        status, [&session](int events) { return mysql_next_result_cont(&session.failed, &session.mysql, events); });
    if (session.failed > 0) throw complaint(*raw());
    co_return true;
  }

  async::Task<StatementEnd> read_result(RowSink& sink) {
    Session& session = *session_;
    MYSQL_RES*& result = session.result;
    result = mysql_use_result(raw());
    if (result == nullptr) {
      if (mysql_errno(raw()) != 0) throw complaint(*raw());
      const auto changed = mysql_affected_rows(raw());
      co_return StatementEnd{false, changed == ~my_ulonglong{0} ? 0 : changed};
    }
    std::vector<std::string> names;
    std::vector<Value::Kind> kinds;
    for (unsigned int i = 0; i < mysql_num_fields(result); ++i) {
      const MYSQL_FIELD& field = *mysql_fetch_field_direct(result, i);
      names.emplace_back(field.name, field.name_length);
      kinds.push_back(kind_of(field));
    }
    sink.begin(names);
    std::vector<Value> values(names.size());
    async::TimeSlice slice;
    while (true) {
      const int status = mysql_fetch_row_start(&session.row, result);
      if (status != 0) {
        co_await session.finish(
            status, [&session](int events) { return mysql_fetch_row_cont(&session.row, session.result, events); });
      }
      char** const row = session.row;
      if (row == nullptr) break;
      const unsigned long* const lengths = mysql_fetch_lengths(result);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = row[i] == nullptr ? Value{} : Value{kinds[i], {row[i], lengths[i]}};
      }
      if (!sink.row(values)) co_await sink.drain();
      co_await slice.pause();
    }
    if (mysql_errno(raw()) != 0) throw complaint(*raw());
    mysql_free_result(std::exchange(result, nullptr));  // all of it was read
    co_return StatementEnd{true, 0};
  }

  std::shared_ptr<Session> session_;
  async::ThreadPool& pool_;
  int passed_over_ = 0;  // how many results are not those of the statements that were given
  bool first_ = false;
};

}  // namespace

async::Task<std::unique_ptr<Connection>> connect_mariadb(const Target& target, async::ThreadPool& pool) {
  const auto session = std::make_shared<Session>(target);
  const int status = co_await pool.run(async::OnCancel::abandon, [session] { return session->begin_to_connect(); });
  co_await session->finish(status, [raw = session.get()](int events) {
    return mysql_real_connect_cont(&raw->connected, &raw->mysql, events);
  });
  if (session->connected == nullptr) {
    // The number behind it is that of another call where the answer was waited for.
    const std::string_view said = mysql_error(&session->mysql);
    const bool unreachable = mysql_errno(&session->mysql) == CR_CONN_HOST_ERROR;
    throw cannot_connect(target, unreachable ? said.substr(0, said.rfind(" (")) : said);
  }
  ::fcntl(mysql_get_socket(&session->mysql), F_SETFD, FD_CLOEXEC);
  co_return std::make_unique<Mariadb>(session, pool);
}

}  // namespace belfry::jobs::sql
