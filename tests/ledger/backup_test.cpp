// Copies are whole, whoever writes meanwhile; what is put in place was checked, and what it replaces is kept.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "ledger/backup.hpp"
#include "ledger/integrity.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

std::int64_t runs_in(const std::string& path) {
  sqlite::Connection connection(path, sqlite::Mode::read_only);
  return connection.integer("SELECT count(*) FROM runs");
}

bool is_sound(const std::string& path) { return check_ledger(path, Depth::full, 60s).is_sound(); }

void write_runs(const TempLedger& temp, RunId first, RunId last) {
  for (RunId run = first; run <= last; ++run) write_whole_run(*temp.ledger, "a", std::chrono::seconds{run}, run);
  temp.sync();
}

// Overwrites pages behind the middle: the schema, at the begin, stays.
void damage(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 4 * 3));
  file << std::string(5 * 2048, '\xff');
}

// Names of the files beside the ledger that hold what a restore replaced.
std::vector<std::string> replaced_in(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("ledger.db.replaced-") && !name.ends_with("-wal")) found.push_back(entry.path());
  }
  return found;
}

}  // namespace

TEST_CASE("a backup of a ledger in use is one sound file for its owner, with all that is durable", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 100);
  const std::string copy = (temp.folder / "copy.db").string();
  const std::uint64_t bytes = backup_ledger(temp.path, copy);
  CHECK(bytes == fs::file_size(copy));
  CHECK_FALSE(fs::exists(copy + "-wal"));
  CHECK_FALSE(fs::exists(copy + ".part"));
  struct stat info{};
  REQUIRE(::stat(copy.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(is_sound(copy));
  CHECK(runs_in(copy) == 100);
  const auto again = SqliteLedger::open(copy);  // it is a ledger like any other
  CHECK(again->next_run_id() == 101);
}

TEST_CASE("a backup is a state that was, and the writer goes on while it is made", "[ledger]") {
  TempLedger temp({.durability = Durability::normal, .commit_patience = Duration{0}});
  AttemptEnded loud = attempt_end("a", 0s, 1, 1, Outcome::success);
  for (int attempt = 1; attempt <= 40; ++attempt) {
    loud.attempt = attempt;
    loud.standard_output = {.head = std::string(100'000, 'x'), .tail = "", .total_bytes = 100'000, .dropped_bytes = 0};
    temp.write(loud);
  }
  write_runs(temp, 1, 10);
  RunId run = 10;
  int looks = 0;
  const std::string copy = (temp.folder / "copy.db").string();
  // Between two steps of the copy, a run is written and becomes durable: the copy holds nobody up.
  backup_ledger(temp.path, copy, [&] {
    ++run;
    write_runs(temp, run, run);
    ++looks;
    return false;
  });
  CHECK(looks >= 3);
  CHECK(is_sound(copy));
  CHECK(runs_in(copy) == 10);
  CHECK(runs_in(temp.path) == run);
  CHECK(temp.ledger->stats().errors == 0);
}

TEST_CASE("a backup that is given up leaves nothing behind", "[ledger]") {
  TempLedger temp;
  AttemptEnded loud = attempt_end("a", 0s, 1, 1, Outcome::success);
  loud.standard_output = {
      .head = std::string(3'000'000, 'x'), .tail = "", .total_bytes = 3'000'000, .dropped_bytes = 0};
  temp.write(loud);
  temp.sync();
  const std::string copy = (temp.folder / "copy.db").string();
  CHECK_THROWS_WITH(backup_ledger(temp.path, copy, [] { return true; }), Contains("given up"));
  CHECK_FALSE(fs::exists(copy));
  CHECK_FALSE(fs::exists(copy + ".part"));
}

TEST_CASE("a backup does not overwrite, and names what cannot be written", "[ledger]") {
  TempLedger temp;
  const std::string taken = (temp.folder / "taken").string();
  std::ofstream(taken) << "precious";
  CHECK_THROWS_WITH(backup_ledger(temp.path, taken), Contains(taken) && Contains("name one that does not exist"));
  CHECK(fs::file_size(taken) == 8);
  const std::string nowhere = (temp.folder / "no" / "folder").string();
  CHECK_THROWS_WITH(backup_ledger(temp.path, nowhere), Contains(nowhere) && Contains("No such file"));
  CHECK_THROWS_AS(backup_ledger((temp.folder / "no ledger").string(), (temp.folder / "x").string()), LedgerError);
}

TEST_CASE("a damaged ledger is not backed up as if it were sound", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 200);
  temp.ledger.reset();
  damage(temp.path);
  const std::string copy = (temp.folder / "copy.db").string();
  CHECK_THROWS_WITH(backup_ledger(temp.path, copy), Contains("damaged"));
  CHECK_FALSE(fs::exists(copy));
}

TEST_CASE("a restore puts a backup in place and keeps what was there", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 10);
  const std::string copy = (temp.folder / "copy.db").string();
  backup_ledger(temp.path, copy);
  write_runs(temp, 11, 15);
  temp.ledger.reset();

  const Restored restored = restore_ledger(copy, temp.path);
  CHECK(restored.bytes == fs::file_size(temp.path));
  CHECK(replaced_in(temp.folder.path()) == std::vector{restored.replaced});
  CHECK(runs_in(restored.replaced) == 15);
  CHECK(fs::exists(copy));
  temp.ledger = SqliteLedger::open(temp.path);
  CHECK(temp.reader()->runs({}).size() == 10);
  CHECK(temp.ledger->next_run_id() == 11);
}

TEST_CASE("a ledger that is garbage, or whose log was left by a crash, is replaced and kept with its log", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 10);
  const std::string copy = (temp.folder / "copy.db").string();
  backup_ledger(temp.path, copy);
  temp.ledger.reset();
  std::ofstream(temp.path) << std::string(5000, '?');
  std::ofstream(temp.path + "-wal") << "what a crash left";

  const Restored restored = restore_ledger(copy, temp.path);
  CHECK(fs::file_size(restored.replaced) == 5000);
  CHECK(fs::file_size(restored.replaced + "-wal") == 17);
  CHECK_FALSE(fs::exists(temp.path + "-wal"));
  CHECK(is_sound(temp.path));
  CHECK(runs_in(temp.path) == 10);
  const Restored again = restore_ledger(copy, temp.path);  // within the same second
  CHECK(again.replaced != restored.replaced);
}

TEST_CASE("a restore into an empty folder makes the ledger", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 3);
  const std::string copy = (temp.folder / "copy.db").string();
  backup_ledger(temp.path, copy);
  const belfry::test::TempDir other;
  const Restored restored = restore_ledger(copy, (other / "ledger.db").string());
  CHECK(restored.replaced.empty());
  CHECK(runs_in((other / "ledger.db").string()) == 3);
}

TEST_CASE("a restore is refused while a daemon uses the ledger, and of what is no sound ledger", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 200);
  const std::string copy = (temp.folder / "copy.db").string();
  backup_ledger(temp.path, copy);
  CHECK_THROWS_WITH(restore_ledger(copy, temp.path), Contains("in use by process"));
  temp.ledger.reset();

  const std::string garbage = (temp.folder / "garbage").string();
  std::ofstream(garbage) << std::string(5000, '?');
  CHECK_THROWS_WITH(restore_ledger(garbage, temp.path), Contains(garbage) && Contains("not a database"));
  damage(copy);
  CHECK_THROWS_WITH(restore_ledger(copy, temp.path), Contains("damaged"));
  CHECK_THROWS_WITH(restore_ledger(temp.path, temp.path), Contains("the ledger itself"));
  CHECK_THROWS_AS(restore_ledger((temp.folder / "none").string(), temp.path), LedgerError);
  CHECK(runs_in(temp.path) == 200);
  CHECK(replaced_in(temp.folder.path()).empty());
  CHECK_FALSE(fs::exists(temp.path + ".part"));
}

TEST_CASE("vacuum gives back what deleted history took, offline", "[ledger]") {
  TempLedger temp;
  AttemptEnded loud = attempt_end("a", 0s, 1, 1, Outcome::success);
  loud.standard_output = {
      .head = std::string(3'000'000, 'x'), .tail = "", .total_bytes = 3'000'000, .dropped_bytes = 0};
  temp.write(loud);
  write_runs(temp, 1, 10);
  CHECK_THROWS_WITH(vacuum_ledger(temp.path), Contains("in use by process"));
  temp.ledger.reset();
  sqlite::Connection(temp.path, sqlite::Mode::read_write).execute("DELETE FROM outputs");
  const Vacuumed result = vacuum_ledger(temp.path);
  CHECK(result.bytes_before > 3'000'000);
  CHECK(result.bytes_after < 200'000);
  CHECK(result.bytes_after == fs::file_size(temp.path));
  CHECK(is_sound(temp.path));
  CHECK(runs_in(temp.path) == 10);
}

TEST_CASE("a check finds damage, and leaves a ledger in use alone", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 200);
  CHECK(check_ledger(temp.path, Depth::quick, 60s).is_sound());
  CHECK(check_ledger(temp.path, Depth::full, 60s).is_sound());
  temp.ledger.reset();
  damage(temp.path);
  const Integrity found = check_ledger(temp.path, Depth::quick, 60s);
  CHECK(found.complete);
  CHECK_FALSE(found.damage.empty());
  CHECK_FALSE(found.is_sound());
}

TEST_CASE("a check whose time is up is not complete, and says nothing of damage", "[ledger]") {
  TempLedger temp;
  write_runs(temp, 1, 2000);
  const Integrity found = check_ledger(temp.path, Depth::full, Duration{0});
  CHECK((found.is_sound() || (!found.complete && found.damage.empty())));  // it may be faster than its end
}
