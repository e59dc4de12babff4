#include "jobs/sql/sql.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "jobs/connect_timeout.hpp"
#include "jobs/sql/run.hpp"
#include "jobs/sql/spec.hpp"

namespace belfry::jobs {

namespace {

using nlohmann::json;
using Type = ParameterType;

constexpr std::size_t most_parameters = 1000;
constexpr std::int64_t most_rows = std::int64_t{1} << 53;

constexpr std::array<std::string_view, 4> formats{"csv", "json", "jsonl", "tsv"};  // as in sql::Format

constexpr std::array expect_parameters{
    ParameterInfo{.name = "rows",
                  .type = Type::integer,
                  .value = "a number",
                  .meaning = "there are so many rows, of all statements together",
                  .most = most_rows},
    ParameterInfo{.name = "min_rows",
                  .type = Type::integer,
                  .value = "a number",
                  .meaning = "there are no fewer",
                  .most = most_rows},
    ParameterInfo{.name = "max_rows",
                  .type = Type::integer,
                  .value = "a number",
                  .meaning = "there are no more; unlike the key max_rows above, this is known at the end",
                  .most = most_rows},
    ParameterInfo{.name = "changed",
                  .type = Type::integer,
                  .value = "a number",
                  .meaning = "so many rows were inserted, changed or deleted",
                  .most = most_rows},
    ParameterInfo{.name = "value", .meaning = "the first value of the first row, as text"},
};

constexpr std::array pool_parameters{
    ParameterInfo{.name = "max",
                  .type = Type::integer,
                  .fallback = "4",
                  .meaning = "connections at a time; a run that comes later waits for one",
                  .least = 1,
                  .most = 1000},
    ParameterInfo{.name = "min",
                  .type = Type::integer,
                  .fallback = "0",
                  .meaning = "so many of those that were opened stay, whether they are needed or not",
                  .most = 1000},
    ParameterInfo{.name = "idle_timeout",
                  .type = Type::duration,
                  .fallback = "1m",
                  .meaning = "how long a connection is kept that nobody needs",
                  .most = 86'400'000},
    ParameterInfo{.name = "max_lifetime",
                  .type = Type::duration,
                  .fallback = "30m",
                  .meaning = "a connection that is older is replaced by a new one",
                  .least = 1000,
                  .most = 604'800'000},
};

std::vector<ParameterInfo> sql_parameters() {
  return {
      {.name = "database",
       .type = Type::url,
       .meaning = "the database: postgresql://USER@HOST/NAME, mariadb://USER@HOST/NAME or sqlite:PATH",
       .required = true},
      {.name = "password", .type = Type::secret, .meaning = "the password of the user"},
      {.name = "password_file", .type = Type::secret_file, .meaning = "the file that holds the password"},
      {.name = "query", .type = Type::block, .meaning = "one or more statements", .program = true},
      {.name = "file", .type = Type::path, .meaning = "the file that holds the statements, of at most 16M"},
      {.name = "parameters",
       .type = Type::json,
       .value = "a list",
       .meaning = "what stands for the placeholders of one statement, ? or (PostgreSQL) $1"},
      {.name = "transaction",
       .type = Type::flag,
       .fallback = "false",
       .meaning = "whether all is rolled back when a statement fails or the rows are not as expected"},
      connect_timeout_parameter(),
      {.name = "lock_timeout",
       .type = Type::duration,
       .fallback = "10s",
       .meaning = "how long SQLite waits for the lock of somebody else",
       .most = 3'600'000},
      {.name = "statement_timeout",
       .type = Type::duration,
       .fallback = "no limit",
       .meaning = "how long each statement may take; the job's own timeout holds, too",
       .least = 1,
       .most = 604'800'000},
      {.name = "max_rows",
       .type = Type::integer,
       .value = "a number",
       .fallback = "no limit",
       .meaning = "more rows are a failure, as soon as they come",
       .least = 1,
       .most = most_rows},
      {.name = "format",
       .type = Type::choice,
       .fallback = "csv",
       .meaning = "how rows are written",
       .choices = formats},
      {.name = "save_to",
       .type = Type::path,
       .meaning = "the file that the rows replace as a whole, when all is as expected; else they are the run's output"},
      {.name = "expect", .type = Type::map, .meaning = "what the rows must be like", .keys = expect_parameters},
      {.name = "pool",
       .type = Type::map,
       .meaning = "how connections are kept for later runs",
       .keys = pool_parameters},
  };
}

void read_target(ParameterReader& reader, const ActionContext& context, sql::Spec& spec) {
  auto target = sql::parse_target(reader.text("database"), context.working_dir);
  if (!target) return reader.complain("database", target.error());
  spec.target = *std::move(target);
  spec.target.password = reader.text("password");
  if (spec.target.system == sql::System::sqlite) {
    if (reader.has("password")) reader.complain("password", "SQLite asks for no password; delete it");
    spec.target.lock_timeout = reader.duration("lock_timeout");
  } else if (reader.has("lock_timeout")) {
    reader.complain("lock_timeout", "lock_timeout is for SQLite; here statement_timeout holds for waiting, too");
  }
}

sql::Parameter parameter_of(const json& value) {
  using Kind = sql::Parameter::Kind;
  if (value.is_null()) return {};
  if (value.is_string()) return {Kind::text, value.get<std::string>()};
  if (value.is_boolean()) return {Kind::truth, value.get<bool>() ? "true" : "false"};
  if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>())) {
    return {Kind::text, value.dump()};
  }
  return {value.is_number_integer() ? Kind::integer : Kind::real, value.dump()};
}

void read_parameters(ParameterReader& reader, sql::Spec& spec) {
  if (!reader.has("parameters")) return;
  const json given = json::parse(reader.text("parameters"), nullptr, false);
  if (!given.is_array() || given.empty() || given.size() > most_parameters ||
      std::ranges::any_of(given, [](const json& value) { return value.is_structured(); })) {
    return reader.complain("parameters",
                           "parameters wants a list of at most 1000 texts, numbers, truth values and null, such as "
                           "[2026, north]");
  }
  for (const json& value : given) {
    spec.parameters.push_back(parameter_of(value));
    if (spec.parameters.back().text.contains('\0')) reader.complain("parameters", "a parameter has no byte 0");
  }
}

void read_statements(ParameterReader& reader, sql::Spec& spec) {
  spec.query = reader.text("query");
  spec.file = reader.text("file");
  if (reader.has("query") == reader.has("file")) {
    reader.complain(reader.has("file") ? "file" : "query", "one of query and file is wanted: the statements to run");
  }
  if (spec.query.contains('\0')) reader.complain("query", "a statement has no byte 0");
  if (reader.has("query") && spec.query.find_first_not_of(" \t\r\n;") == std::string::npos) {
    reader.complain("query", "there is no statement in query");
  }
}

std::optional<std::uint64_t> count(ParameterReader& reader, std::string_view name) {
  if (!reader.has(name)) return std::nullopt;
  return static_cast<std::uint64_t>(reader.integer(name));
}

void read_expect(ParameterReader& reader, sql::Expectation& expect) {
  expect.rows = count(reader, "expect.rows");
  expect.min_rows = count(reader, "expect.min_rows");
  expect.max_rows = count(reader, "expect.max_rows");
  expect.changed = count(reader, "expect.changed");
  if (reader.has("expect.value")) expect.value = reader.text("expect.value");
  if (expect.rows && (expect.min_rows || expect.max_rows)) {
    reader.complain("expect.rows", "rows says how many exactly; delete min_rows and max_rows, or rows");
  }
  if (expect.min_rows && expect.max_rows && *expect.min_rows > *expect.max_rows) {
    reader.complain("expect.min_rows", "min_rows is larger than max_rows");
  }
}

void read_pool(ParameterReader& reader, sql::PoolLimits& pool) {
  pool.max = static_cast<std::size_t>(reader.integer("pool.max"));
  pool.min = static_cast<std::size_t>(reader.integer("pool.min"));
  pool.idle_timeout = reader.duration("pool.idle_timeout");
  pool.max_lifetime = reader.duration("pool.max_lifetime");
  if (pool.min > pool.max) reader.complain("pool.min", "min is larger than max");
}

class SqlAction final : public engine::Action {
 public:
  SqlAction(sql::Spec spec, async::ThreadPool* threads) : spec_(std::move(spec)), threads_(threads) {}

  async::Task<ledger::Outcome> run(const engine::Attempt&, engine::Report& report) const override {
    if (!pool_) pool_ = sql::Pool::of(spec_.target, spec_.pool, *threads_);
    return sql::run_sql(spec_, *pool_, *threads_, report);
  }
  std::string_view kind() const noexcept override { return "sql"; }
  std::string describe() const override { return spec_.target.shown(); }

 private:
  sql::Spec spec_;
  async::ThreadPool* threads_;
  mutable std::shared_ptr<sql::Pool> pool_;  // of the loop on which the first run is
};

ActionPointer make_sql(ParameterReader& reader, const ActionContext& context) {
  sql::Spec spec;
  read_target(reader, context, spec);
  read_statements(reader, spec);
  read_parameters(reader, spec);
  read_expect(reader, spec.expect);
  read_pool(reader, spec.pool);
  spec.transaction = reader.flag("transaction");
  spec.connect_timeout = reader.duration("connect_timeout");
  if (reader.has("statement_timeout")) spec.statement_timeout = reader.duration("statement_timeout");
  spec.max_rows = static_cast<std::uint64_t>(reader.integer("max_rows"));
  spec.format = static_cast<sql::Format>(reader.choice("format"));
  spec.save_to = reader.text("save_to");
  spec.output_budget = context.output_budget;
  return std::make_shared<SqlAction>(std::move(spec), context.pool);
}

std::vector<ParameterError> lint_sql(ParameterReader& reader) {
  const auto target = sql::parse_target(reader.text("database"), "/");
  if (!target || target->host.empty() || target->host == "localhost" || target->host == "::1" ||
      target->host.starts_with("127.")) {
    return {};
  }
  const auto mode = target->options.find("sslmode");
  const bool clear = mode == target->options.end() ? target->system == sql::System::mariadb : mode->second == "disable";
  if (!clear) return {};
  return {{"database", "what is asked and answered goes over the network in the clear; add ?sslmode=verify-full"}};
}

}  // namespace

ActionKind sql_kind() {
  return {.key = "sql",
          .value = "a map",
          .meaning = "runs statements on a database, and checks or saves their rows",
          .form_word = {},
          .text_means = {},
          .prints = true,
          .has_secrets = true,
          .forms = {{.name = {},
                     .summary = "runs statements on a database, and checks or saves their rows",
                     .parameters = sql_parameters(),
                     .make = make_sql,
                     .lint = lint_sql}}};
}

}  // namespace belfry::jobs
