// What is opened, what is refused, and what is said about it.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ledger/schema.hpp"
#include "ledger/sqlite_reader.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;
using Catch::Matchers::Contains;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("a new ledger and its folder are for their owner alone", "[ledger]") {
  belfry::test::TempDir folder;
  const std::string path = (folder / "state" / "belfry" / "ledger.db").string();
  const mode_t before = ::umask(0);
  const auto ledger = SqliteLedger::open(path);
  ::umask(before);
  ledger->write(DaemonMark{.what = DaemonMark::What::started, .at = at(0s)});
  wait_until_durable(*ledger);
  CHECK(mode_of((folder / "state" / "belfry").string()) == 0700);
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(path + "-wal") == 0600);
  CHECK(mode_of(path + ".lock") == 0600);
}

TEST_CASE("a second opener is refused and told who holds the ledger", "[ledger]") {
  TempLedger temp;
  CHECK_THAT(open_error(temp.path), Contains("in use by process " + std::to_string(::getpid())));
  temp.ledger.reset();
  CHECK(open_error(temp.path).empty());
}

TEST_CASE("a file that is no database is refused and left alone", "[ledger]") {
  belfry::test::TempDir folder;
  const std::string path = (folder / "ledger.db").string();
  const std::string garbage(5000, '?');
  std::ofstream(path) << garbage;
  CHECK_THAT(open_error(path), Contains("not a database") && Contains("move the file away"));
  std::ifstream file(path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == garbage);
  CHECK_THROWS_WITH(SqliteReader(path), Contains("not a database"));
}

TEST_CASE("garbage beside the log of a ledger that was killed is refused, and both are left alone", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 1s, 1);
  temp.sync();
  const belfry::test::TempDir crashed;  // as a kill would leave it: the log holds everything
  const std::string path = (crashed / "ledger.db").string();
  std::filesystem::copy_file(temp.path + "-wal", path + "-wal");
  const auto log_bytes = std::filesystem::file_size(path + "-wal");
  for (const std::string& content : {std::string(5000, '?'), std::string("?"), std::string()}) {
    CAPTURE(content.size());
    std::ofstream(path) << content;
    CHECK_THAT(open_error(path), Contains("belfry db restore"));
    CHECK(std::filesystem::file_size(path) == content.size());
    CHECK(std::filesystem::file_size(path + "-wal") == log_bytes);
  }
}

TEST_CASE("a ledger with a damaged page is refused with advice, and left alone", "[ledger]") {
  TempLedger temp;
  for (RunId run = 1; run <= 200; ++run) write_whole_run(*temp.ledger, "a", std::chrono::seconds{run}, run);
  temp.ledger.reset();
  {
    std::fstream file(temp.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(temp.path) / 2));
    file << std::string(3 * 2048, '\xff');
  }
  const auto bytes = [&] {
    std::ifstream file(temp.path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = bytes();
  CHECK_THAT(open_error(temp.path), Contains("the ledger is damaged") && Contains("belfry db restore"));
  CHECK(bytes() == before);
}

TEST_CASE("a damaged ledger is refused with advice", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 1s, 1);
  temp.ledger.reset();
  {
    std::fstream file(temp.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);  // the table of contents: after the file's header
    file << std::string(1900, '\xff');
  }
  CHECK_THAT(open_error(temp.path), Contains("malformed") && Contains("backup"));
}

TEST_CASE("the database of another program is refused and left alone", "[ledger]") {
  belfry::test::TempDir folder;
  const std::string path = (folder / "ledger.db").string();
  std::ofstream(path).close();
  {
    sqlite::Connection other(path, sqlite::Mode::read_write);
    other.execute("CREATE TABLE addresses (name TEXT)");
  }
  CHECK_THAT(open_error(path), Contains("another program"));
  sqlite::Connection other(path, sqlite::Mode::read_only);
  CHECK(other.integer("SELECT count(*) FROM sqlite_schema") == 1);
}

TEST_CASE("a ledger of a newer version is refused", "[ledger]") {
  TempLedger temp;
  temp.ledger.reset();
  {
    sqlite::Connection connection(temp.path, sqlite::Mode::read_write);
    connection.execute(("PRAGMA user_version = " + std::to_string(schema_version() + 1)).c_str());
  }
  CHECK_THAT(open_error(temp.path),
             Contains("has version " + std::to_string(schema_version() + 1)) && Contains("install the newer belfry"));
  CHECK_THROWS_WITH(SqliteReader(temp.path), Contains("install the newer belfry"));
}

TEST_CASE("a reader of nothing says what to do", "[ledger]") {
  belfry::test::TempDir folder;
  CHECK_THROWS_AS(SqliteReader((folder / "none.db").string()), LedgerError);
  std::ofstream(folder / "empty.db").close();
  CHECK_THROWS_WITH(SqliteReader((folder / "empty.db").string()), Contains("start belfryd once"));
}

TEST_CASE("a folder that cannot be made is named", "[ledger]") {
  belfry::test::TempDir folder;
  std::ofstream(folder / "file").close();
  CHECK_THAT(open_error((folder / "file" / "state" / "ledger.db").string()), Contains("cannot make the folder"));
}

TEST_CASE("a ledger that loses its place while it is in use says so", "[ledger]") {
  TempLedger temp;
  write_whole_run(*temp.ledger, "a", 1s, 1);
  temp.sync();
  CHECK(temp.ledger->stats().last_error.empty());
  std::filesystem::rename(temp.path, temp.path + ".moved");
  write_whole_run(*temp.ledger, "a", 2s, 2);
  temp.sync();
  CHECK_THAT(temp.ledger->stats().last_error, Contains("removed or replaced") && Contains("restart belfryd"));
  std::filesystem::rename(temp.path + ".moved", temp.path);
  write_whole_run(*temp.ledger, "a", 3s, 3);
  temp.sync();
  CHECK(temp.ledger->stats().last_error.empty());
}

TEST_CASE("run ids go on where they stopped", "[ledger]") {
  TempLedger temp;
  CHECK(temp.ledger->next_run_id() == 1);
  CHECK(temp.ledger->next_run_id() == 2);
  temp.write(run_start("a", 1s, 2));
  temp.reopen();
  CHECK(temp.ledger->next_run_id() == 3);
  temp.write(started_slot("a", 2s, 9));  // only the slot was durable when the daemon died
  temp.reopen();
  CHECK(temp.reader()->resume().last_run == 9);
  CHECK(temp.ledger->next_run_id() == 10);
  temp.ledger->skip_run_ids(8);
  CHECK(temp.ledger->next_run_id() == 11);
  temp.ledger->skip_run_ids(20);  // runs that died with the daemon before they were durable
  CHECK(temp.ledger->next_run_id() == 21);
}
