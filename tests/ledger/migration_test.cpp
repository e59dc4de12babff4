// An older ledger comes through an upgrade with everything that it holds, and a copy of it stays.
#include <catch2/catch.hpp>

#include <sys/stat.h>

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

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder with a ledger as belfry 0.1 wrote it.
struct Version1 {
  belfry::test::TempDir folder;
  std::string path = (folder / "ledger.db").string();
  std::string copy = path + ".v1.backup";

  Version1() {
    std::ofstream(path).close();
    sqlite::Connection connection(path, sqlite::Mode::read_write);
    connection.execute(bytes_of(BELFRY_SOURCE_DIR "/tests/ledger/data/version_1.sql").c_str());
  }

  std::int64_t version() const {
    sqlite::Connection connection(path, sqlite::Mode::read_only);
    return connection.integer("PRAGMA user_version");
  }
};

}  // namespace

TEST_CASE("a ledger of version 1 comes through with everything intact", "[ledger]") {
  const Version1 old;
  const auto ledger = SqliteLedger::open(old.path);
  const auto reader = ledger->open_reader();
  const Resume resume = reader->resume();

  REQUIRE(resume.jobs.size() == 3);
  const JobTotals& backup = resume.jobs[0];
  CHECK(backup.job == "backup");
  CHECK(backup.runs.size() == 2);
  CHECK(backup.slots.at(0).count == 3);
  CHECK(backup.retries == 1);
  CHECK(backup.last_success == at(125s));
  CHECK(backup.last_failure == at(69s));
  CHECK(backup.last_end == at(125s));
  CHECK(backup.last_outcome == Outcome::success);
  CHECK(resume.jobs[1].last_slot == at(500s));
  CHECK_FALSE(resume.jobs[1].last_end);
  CHECK(backup.last_duration == Duration(4999ms));
  CHECK_FALSE(resume.jobs[1].last_duration);
  REQUIRE(resume.paused.size() == 1);
  CHECK(resume.paused[0].job == "poll");
  CHECK(resume.paused[0].reason == "repair");
  CHECK_FALSE(resume.paused[0].until);
  REQUIRE(resume.declared.size() == 1);
  CHECK(resume.declared[0].fingerprint == "v1:abc");
  REQUIRE(resume.one_shots.size() == 1);
  CHECK(resume.one_shots[0].argv == std::vector<std::string>{"/bin/echo", "two words"});
  REQUIRE(resume.unfinished.size() == 1);
  CHECK(resume.unfinished[0].run == 3);
  CHECK_FALSE(resume.unfinished[0].caused_by);
  REQUIRE(resume.last_mark);
  CHECK(resume.last_mark->what == DaemonMark::What::stopped);
  CHECK(resume.last_run == 3);

  CHECK(reader->runs({}).size() == 3);
  CHECK_FALSE(reader->run(1).value().waits);
  CHECK_FALSE(reader->run(1).value().launch);
  const auto attempts = reader->attempts(1);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[1].standard_error.head == std::string("no space left\n\0\xff", 16));
  CHECK(attempts[1].standard_error.total_bytes == 5000);
  CHECK(attempts[1].usage.max_rss_bytes > 0);
  CHECK(attempts[1].usage.read_bytes == 0);
  CHECK(attempts[1].usage.written_bytes == 0);
  CHECK_FALSE(attempts[1].usage.memory_peak_bytes);
  CHECK(reader->steps(1).empty());
  sqlite::Connection tables(old.path, sqlite::Mode::read_only);
  CHECK(tables.integer("SELECT sum(output_bytes) FROM jobs") == 24);  // of two outputs
  const auto slots = reader->slots({});
  REQUIRE(slots.size() == 4);
  CHECK(slots[3].count == 100);
  CHECK(slots[3].last_scheduled_at == at(500s));
  const auto found = reader->happenings({.since = at(0s), .until = at(3000s)});
  REQUIRE(found.size() == 4);  // started, the clock, the pause, stopped
  CHECK(std::get<ClockJumped>(found[1]).step == -30s);
  CHECK(std::get<ClockJumped>(found[1]).what == ClockJumped::What::set);
  CHECK(std::get<PauseChanged>(found[2]).reason == "repair");
}

TEST_CASE("a ledger of version 1 goes on: what was under way is ended, what was paused is resumed", "[ledger]") {
  const Version1 old;
  const auto ledger = SqliteLedger::open(old.path);
  CHECK(ledger->next_run_id() == 4);
  ledger->write(run_end("backup", 180s, 3, Outcome::lost));
  ledger->write(PauseChanged{.job = "poll", .paused = false, .reason = "", .by = "ben", .at = at(2500s)});
  wait_until_durable(*ledger);
  const Resume resume = ledger->open_reader()->resume();
  CHECK(resume.unfinished.empty());
  CHECK(resume.paused.empty());
  CHECK(resume.jobs[0].last_end == at(180s + 10ms));
  CHECK(ledger->stats().refused == 0);
  CHECK(ledger->open_reader()->happenings({.job = "poll", .since = at(2600s), .until = at(3000s)}).size() == 1);
}

TEST_CASE("the ledger as it was before an upgrade is kept beside it, for its owner alone", "[ledger]") {
  const Version1 old;
  {
    std::ofstream stale(old.copy);  // of an upgrade that was begun before
    stale << "half a copy";
  }
  SqliteLedger::open(old.path).reset();
  struct stat info{};
  REQUIRE(::stat(old.copy.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK_FALSE(std::filesystem::exists(old.copy + ".part"));
  sqlite::Connection copy(old.copy, sqlite::Mode::read_only);
  CHECK(copy.integer("PRAGMA user_version") == 1);
  CHECK(copy.text("PRAGMA integrity_check") == "ok");
  CHECK(copy.integer("SELECT count(*) FROM runs") == 3);
  CHECK(copy.integer("SELECT sum(slots) FROM slots") == 103);

  std::filesystem::remove(old.copy);
  SqliteLedger::open(old.path).reset();
  CHECK_FALSE(std::filesystem::exists(old.copy));  // only an upgrade needs one
}

TEST_CASE("without a copy there is no upgrade, and the ledger stays as it is", "[ledger]") {
  const Version1 old;
  std::filesystem::create_directories(old.copy + "/in the way");
  const std::string before = bytes_of(old.path);
  CHECK_THAT(open_error(old.path), Contains("cannot keep a copy of it first") && Contains("nothing was changed") &&
                                       Contains("install the older belfry again"));
  CHECK(bytes_of(old.path) == before);
  CHECK_FALSE(std::filesystem::exists(old.copy + ".part"));
}

TEST_CASE("a step that fails leaves the ledger as it is, and says what to do", "[ledger]") {
  const Version1 old;
  {
    sqlite::Connection connection(old.path, sqlite::Mode::read_write);
    connection.execute("CREATE TABLE generations (somebody_elses TEXT)");
  }
  const std::string before = bytes_of(old.path);
  CHECK_THAT(open_error(old.path),
             Contains("from version 1 to 2") && Contains("already exists") && Contains("nothing was changed"));
  CHECK(old.version() == 1);
  CHECK(bytes_of(old.path) == before);
  CHECK(std::filesystem::exists(old.copy));
}

TEST_CASE("a reader of an older ledger says that belfryd must start once", "[ledger]") {
  const Version1 old;
  CHECK_THROWS_WITH(SqliteReader(old.path), Contains("has version 1") && Contains("start belfryd once"));
  CHECK(old.version() == 1);
}
