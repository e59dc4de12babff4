// The sql action on SQLite, and what it says about mistakes. PostgreSQL and MariaDB: tests/system/sql.
#include "jobs/sql/sql.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "action_fixture.hpp"
#include "async/spawn.hpp"
#include "async/thread_pool.hpp"
#include "jobs/sql/pool.hpp"
#include "support/file_text.hpp"

using namespace belfry;
using namespace std::chrono_literals;
using ledger::Outcome;

namespace {

using Parameters = jobs::ParameterMap;
using test::read;

/// A folder with a database app.db: a table t of three rows.
class Bench {
 public:
  Bench() {
    const auto made =
        run({{"database", "sqlite:app.db?mode=rwc"},
             {"query",
              "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, weight REAL, data BLOB);\n"
              "INSERT INTO t VALUES (1, 'one', 1.5, x'00ff'), (2, 'a \"b\", c', NULL, NULL), (3, '', 0, NULL)"}});
    REQUIRE(made.report.message.starts_with("3 rows changed in "));
  }

  auto make(Parameters parameters, std::uint64_t budget = 1024) {
    parameters.emplace("database", "sqlite:app.db");
    return make_action(jobs::sql_kind(), {.kind = "sql", .form = {}, .parameters = std::move(parameters)},
                       {.pool = &pool_, .working_dir = folder_.path(), .output_budget = budget});
  }
  test::Ran run(Parameters parameters, std::uint64_t budget = 1024) {
    const auto action = make(std::move(parameters), budget);
    if (!action) FAIL(action.error().message);
    return test::run_action(*action);
  }
  /// The output, or the sentence of a run that fails.
  std::string ask(Parameters parameters) {
    const auto ran = run(std::move(parameters));
    return ran.outcome == Outcome::success ? ran.output() : ran.report.message;
  }
  std::string mistake(Parameters parameters) {
    const auto action = make(std::move(parameters));
    return action ? "" : action.error().key + ": " + action.error().message;
  }
  std::filesystem::path path(const char* name) const { return folder_.path() / name; }

 private:
  test::TempDir folder_;
  async::ThreadPool pool_{async::ThreadPoolOptions("test").threads(2)};
};

/// Holds the lock for writing of a database.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& path) {
    REQUIRE(sqlite3_open(path.c_str(), &db_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db_, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { sqlite3_close(db_); }

 private:
  sqlite3* db_ = nullptr;
};

constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

}  // namespace

TEST_CASE("rows come in every format", "[sql]") {
  Bench bench;
  const auto as = [&](const char* format) {
    return bench.ask({{"query", "SELECT id, name, weight AS \"w\"\"\", data FROM t ORDER BY id"}, {"format", format}});
  };
  CHECK(as("csv") == "id,name,\"w\"\"\",data\n1,one,1.5,\\x00ff\n2,\"a \"\"b\"\", c\",,\n3,\"\",0.0,\n");
  CHECK(as("tsv") == "1\tone\t1.5\t\\x00ff\n2\ta \"b\", c\t\\N\t\\N\n3\t\t0.0\t\\N\n");
  CHECK(as("json") ==
        "[\n{\"id\": 1, \"name\": \"one\", \"w\\\"\": 1.5, \"data\": \"\\\\x00ff\"},\n"
        "{\"id\": 2, \"name\": \"a \\\"b\\\", c\", \"w\\\"\": null, \"data\": null},\n"
        "{\"id\": 3, \"name\": \"\", \"w\\\"\": 0.0, \"data\": null}\n]\n");
  CHECK_THAT(as("jsonl"), Catch::StartsWith("{\"id\": 1, \"name\": \"one\"") && Catch::EndsWith("null}\n"));
  CHECK(bench.ask({{"query", "SELECT 1 AS a WHERE 0"}, {"format", "json"}}) == "[]\n");
  CHECK(bench.ask({{"query", "SELECT 1 AS a; SELECT 2 AS b"}}) == "a\n1\n\nb\n2\n");
}

TEST_CASE("what is no UTF-8, and what JSON cannot write, stays readable", "[sql]") {
  Bench bench;
  const auto json = [&](const char* expression) {
    return bench.ask({{"query", std::string("SELECT ") + expression + " AS x"}, {"format", "jsonl"}});
  };
  CHECK(json("CAST(x'41ff42' AS TEXT)") ==
        "{\"x\": \"A\xEF\xBF\xBD"
        "B\"}\n");
  CHECK(json("CAST(x'eda080' AS TEXT)") == "{\"x\": \"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");  // a surrogate
  CHECK(json("CAST(x'f09f9880e282acc3a4' AS TEXT)") == "{\"x\": \"\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA4\"}\n");
  CHECK(json("char(10, 9, 1, 92)") == "{\"x\": \"\\n\\t\\u0001\\\\\"}\n");
  CHECK(json("9e999") == "{\"x\": \"Inf\"}\n");
}

TEST_CASE("a parameter is data, whatever it looks like", "[sql]") {
  Bench bench;
  const std::string attack = R"x('); DROP TABLE t; --)x";
  const auto ran = bench.run({{"query", "INSERT INTO t (name, weight, data) VALUES (?, ?, ?)"},
                              {"parameters", "[\"" + attack + "\", 2.5, null]"}});
  CHECK(ran.outcome == Outcome::success);
  CHECK(bench.ask({{"query", "SELECT name, weight, data IS NULL, (SELECT count(*) FROM t) FROM t WHERE id = ?"},
                   {"parameters", "[4]"},
                   {"format", "tsv"}}) == attack + "\t2.5\t1\t4\n");
  CHECK(bench.ask({{"query", "SELECT ?, ?, typeof(?3)"},
                   {"parameters", "[true, 9007199254740993, \"5\"]"},
                   {"format", "tsv"}}) == "1\t9007199254740993\ttext\n");
  CHECK(bench.ask({{"query", "SELECT ?"}, {"parameters", "[1, 2]"}}) ==
        "the statement has 1 placeholders, and 2 parameters are given");
  CHECK_THAT(bench.ask({{"query", "SELECT ?; SELECT 1"}, {"parameters", "[1]"}}),
             Catch::StartsWith("parameters are for one"));
  CHECK(bench.ask({{"query", "SELECT ? /* a; */ ; -- b;\n/* c */"}, {"parameters", "[1]"}, {"format", "tsv"}}) ==
        "1\n");
  CHECK_THAT(bench.ask({{"query", "SELECT ?; -- a\nSELECT 1"}, {"parameters", "[1]"}}),
             Catch::StartsWith("parameters are for one"));
}

TEST_CASE("what is expected is checked, and with a transaction nothing stays that is not", "[sql]") {
  Bench bench;
  const auto check = [&](const char* key, const char* value, const char* query = "SELECT name FROM t ORDER BY id") {
    return bench.ask({{"query", query}, {key, value}, {"format", "tsv"}});
  };
  CHECK(check("expect.rows", "3") == "one\na \"b\", c\n\n");
  CHECK(check("expect.rows", "0") == "there are 3 rows, and 0 are expected");
  CHECK(check("expect.min_rows", "4") == "there are 3 rows, and at least 4 are expected");
  CHECK(check("expect.max_rows", "2") == "there are 3 rows, and at most 2 are expected");
  CHECK(check("expect.value", "one") == "one\na \"b\", c\n\n");
  CHECK(check("expect.value", "two") == "the first value is \"one\", and \"two\" is expected");
  CHECK(check("expect.value", "x", "SELECT NULL") == "the first value is NULL, and \"x\" is expected");
  CHECK(check("expect.value", "x", "SELECT 1 WHERE 0") == "there is no row, and the value \"x\" is expected");
  CHECK(check("expect.changed", "0") == "one\na \"b\", c\n\n");

  const Parameters change{{"query", "DELETE FROM t WHERE id > 1"}, {"expect.changed", "1"}};
  Parameters undone = change;
  undone["transaction"] = "true";
  CHECK(bench.ask(undone) == "2 rows were changed, and 1 are expected; all was rolled back");
  CHECK(check("expect.rows", "3") == "one\na \"b\", c\n\n");
  CHECK(bench.ask(change) == "2 rows were changed, and 1 are expected");
  CHECK(check("expect.rows", "1") == "one\n");
}

TEST_CASE("a statement that fails is named, and takes back the others of its transaction", "[sql]") {
  Bench bench;
  const std::string script = "DELETE FROM t;\n\n-- and\nINSERT INTO nowhere VALUES (1)";
  std::ofstream(bench.path("script.sql")) << script;
  const auto file = bench.path("script.sql").string();
  CHECK(bench.ask({{"file", file}, {"transaction", "true"}}) ==
        "statement 2: no such table: nowhere, line 4; all was rolled back");
  CHECK(bench.ask({{"query", "SELECT count(*) FROM t"}, {"format", "tsv"}}) == "3\n");
  CHECK(
      bench.ask({{"query", "BEGIN; DELETE FROM t"}}) ==
      "the statements left a transaction open, which was rolled back; end them with COMMIT, or set transaction: true");
  CHECK_THAT(bench.ask({{"query", "UPDATE t SET name = 'x'; COMMIT"}, {"transaction", "true"}}),
             Catch::StartsWith("a statement ended the transaction"));
  CHECK(bench.ask({{"query", "SELECT count(*), max(name) FROM t"}, {"format", "tsv"}}) == "3\tx\n");
  CHECK_THAT(bench.ask({{"query", "SELEC 1"}}), Catch::Contains("syntax error, line 1"));
}

TEST_CASE("rows are saved whole or not at all", "[sql]") {
  Bench bench;
  const auto saved = bench.path("saved.csv");
  const auto before = [&] {
    return std::distance(std::filesystem::directory_iterator(saved.parent_path()),
                         std::filesystem::directory_iterator());
  };
  const auto ran = bench.run({{"query", "SELECT id FROM t"}, {"save_to", saved.string()}});
  CHECK_THAT(ran.report.message, Catch::StartsWith("3 rows in ") && Catch::EndsWith(", saved as " + saved.string()));
  CHECK(read(saved) == "id\n1\n2\n3\n");
  CHECK(ran.output().empty());
  const auto files = before();
  CHECK(bench.run({{"query", "SELECT 7"}, {"save_to", saved.string()}, {"expect.rows", "0"}}).outcome ==
        Outcome::failure);
  CHECK(bench.run({{"query", "SELECT 7; SELECT x"}, {"save_to", saved.string()}}).outcome == Outcome::failure);
  CHECK(read(saved) == "id\n1\n2\n3\n");
  CHECK(before() == files);
  const std::string many =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n";
  CHECK(bench.run({{"query", many}, {"save_to", saved.string()}}).outcome == Outcome::success);
  CHECK_THAT(read(saved), Catch::StartsWith("i\n1\n") && Catch::EndsWith("\n299999\n300000\n"));
  CHECK(bench.run({{"query", "SELECT 7"}, {"save_to", bench.path("no/such/folder").string()}}).outcome ==
        Outcome::start_error);
}

TEST_CASE("more rows than max_rows, and more than the output holds", "[sql]") {
  Bench bench;
  const std::string ten = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10) SELECT i FROM n";
  CHECK(bench.run({{"query", ten}, {"max_rows", "10"}}).outcome == Outcome::success);
  CHECK(bench.ask({{"query", ten}, {"max_rows", "9"}}) == "there are more than 9 rows, which is max_rows");
  const auto ran = bench.run({{"query", ten}}, 8);
  CHECK(ran.output() == "i\n1\n\n10\n");
  CHECK(ran.report.standard_output.dropped_bytes == 15);
}

TEST_CASE("a statement that takes too long is interrupted", "[sql]") {
  Bench bench;
  CHECK(bench.ask({{"query", std::string("SELECT 1; ") + endless}, {"statement_timeout", "20ms"}}) ==
        "statement 2 took longer than statement_timeout (20ms), and was cancelled");
  const auto action = bench.make({{"query", endless}, {"save_to", bench.path("saved").string()}});
  CHECK(test::run_action(*action, 20ms).outcome == std::nullopt);
  CHECK_FALSE(std::filesystem::exists(bench.path("saved")));
}

TEST_CASE("the lock of another is waited for, and no longer than lock_timeout", "[sql]") {
  Bench bench;
  const Writer writer(bench.path("app.db"));
  CHECK_THAT(bench.ask({{"query", "DELETE FROM t"}, {"lock_timeout", "20ms"}}),
             Catch::StartsWith("database is locked; somebody else writes to it"));
  const auto action = bench.make({{"query", "DELETE FROM t"}, {"lock_timeout", "1h"}});
  CHECK(test::run_action(*action, 20ms).outcome == std::nullopt);
}

TEST_CASE("no more connections are in use than the pool allows, and who waits comes next", "[sql]") {
  Bench bench;
  async::ThreadPool threads(async::ThreadPoolOptions("test").threads(2));
  const auto target = jobs::sql::parse_target("sqlite:" + bench.path("app.db").string(), "/");
  const jobs::sql::PoolLimits one{.max = 1, .min = 0, .idle_timeout = 1min, .max_lifetime = 1h};
  const auto pool = jobs::sql::Pool::of(*target, one, threads);
  CHECK(jobs::sql::Pool::of(*target, one, threads) == pool);
  CHECK(jobs::sql::Pool::of(*target, {.max = 2, .min = 0, .idle_timeout = 1min, .max_lifetime = 1h}, threads) != pool);
  bool taken = false;
  const auto two = [&]() -> async::Task<> {
    std::optional<jobs::sql::Pool::Lease> first(co_await pool->take(1h));
    auto second = async::spawn(
        [](jobs::sql::Pool& from, bool& done) -> async::Task<> {
          auto lease = co_await from.take(1h);
          done = true;
          co_await lease.give_back();
        }(*pool, taken),
        "the second");
    co_await threads.run([] {});  // a round trip, such as an open needs
    co_await threads.run([] {});
    CHECK_FALSE(taken);
    first.reset();
    co_await second;
  };
  async::run(two());
  CHECK(taken);
}

TEST_CASE("a file is made only when that is asked for, and may be opened for reading only", "[sql]") {
  Bench bench;
  const auto ran = bench.run({{"database", "sqlite:other.db"}, {"query", "SELECT 1"}});
  CHECK(ran.outcome == Outcome::start_error);
  CHECK(ran.report.message == "cannot open " + bench.path("other.db").string() +
                                  ": unable to open database file; a file that is not there is made only with "
                                  "sqlite:PATH?mode=rwc");
  CHECK_FALSE(std::filesystem::exists(bench.path("other.db")));
  CHECK_THAT(bench.ask({{"database", "sqlite:app.db?mode=ro"}, {"query", "DELETE FROM t"}}),
             Catch::StartsWith("attempt to write a readonly database"));
  CHECK(
      bench.ask(
          {{"database", "sqlite:app.db?mode=ro"}, {"query", "SELECT 1"}, {"transaction", "true"}, {"format", "tsv"}}) ==
      "1\n");
  std::ofstream(bench.path("text"))
      << "this is no database, and is long enough to be read as one, or so it seems to be";
  CHECK_THAT(bench.ask({{"database", "sqlite:text"}, {"query", "SELECT * FROM t"}}),
             Catch::StartsWith("file is not a database; is this a file of SQLite?"));
}

TEST_CASE("what is wrong with an sql action is told by its key", "[sql]") {
  Bench bench;
  const auto url = [&](const char* text) { return bench.mistake({{"query", "SELECT 1"}, {"database", text}}); };
  CHECK(url("postgresql://u@h:5432/d?sslmode=verify-full").empty());
  CHECK(url("mysql://[::1]/d?sslmode=require").empty());
  CHECK(url("postgres:///d?host=%2Frun%2Fpostgresql").empty());
  CHECK_THAT(url("postgresql://u:S3CRET@h/d"), Catch::Equals("database: a URL holds no password here: give it as "
                                                             "password_file or password"));
  CHECK_THAT(url("oracle://h/d"), Catch::StartsWith("database: this is no URL of a database, such as postgresql://"));
  CHECK_THAT(url("postgresql://h"), Catch::Contains("names no database"));
  CHECK_THAT(url("postgresql://h:0/d"), Catch::Contains("a number from 1 to 65535"));
  CHECK_THAT(url("postgresql://h:x/d"), Catch::Contains("a number from 1 to 65535"));
  CHECK_THAT(url("postgresql://h,i/d"), Catch::Contains("one host"));
  CHECK_THAT(url("postgresql://h/d?passwd=x"), Catch::Contains("unknown; there is application_name, "));
  CHECK_THAT(url("postgresql://h/d%0"), Catch::Contains("two hexadecimal digits"));
  CHECK_THAT(url("postgresql://h/d?host=other"), Catch::Contains("folder of a socket"));
  CHECK_THAT(url("mariadb://h/d?sslmode=prefer"), Catch::Contains("one of disable, require, verify-full"));
  CHECK_THAT(url("sqlite://host/file"), Catch::Contains("SQLite has no host"));
  CHECK_THAT(url("sqlite:"), Catch::Contains("names no file"));
  CHECK_THAT(url("sqlite:x?mode=create"), Catch::Contains("one of ro, rw, rwc"));
  CHECK_THAT(bench.mistake({}), Catch::StartsWith("query: one of query and file"));
  CHECK_THAT(bench.mistake({{"query", " ;\n"}}), Catch::Contains("no statement"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"file", "/x"}}), Catch::StartsWith("file: one of query and file"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"parameters", "{\"a\":1}"}}),
             Catch::StartsWith("parameters: parameters wants"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"parameters", "[[1]]"}}),
             Catch::StartsWith("parameters: parameters wants"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"expect.rows", "1"}, {"expect.min_rows", "1"}}),
             Catch::StartsWith("expect.rows:"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"pool.max", "1"}, {"pool.min", "2"}}), Catch::StartsWith("pool.min:"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"password", "p"}}), Catch::Contains("SQLite asks for no password"));
  CHECK_THAT(bench.mistake({{"query", "x"}, {"database", "mariadb://h/d"}, {"lock_timeout", "1s"}}),
             Catch::StartsWith("lock_timeout:"));
  const auto action = bench.make({{"query", "SECRET"}, {"database", "postgresql://SECRET@h:1/d?sslkey=SECRET"}});
  CHECK((*action)->describe() == "postgresql://h:1/d");
}
