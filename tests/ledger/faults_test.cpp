// A disk that fails, stalls or tears writes: nobody who writes waits for it, what is given up is counted, and the file
// is whole afterwards.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "ledger/backup.hpp"
#include "ledger/ledger_fixture.hpp"
#include "ledger/sqlite.hpp"
#include "ledger/support/faulty_disk.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;
using Catch::Matchers::Contains;

namespace {

constexpr SqliteOptions impatient{.retry_limit = 5ms, .close_patience = 20ms};

// The named event is a failed commit: the writer counts it.
void wait_for_one_more_error(const Ledger& ledger) {
  const std::uint64_t before = ledger.stats().errors;
  while (ledger.stats().errors == before) std::this_thread::yield();
}

std::int64_t count(const std::string& path, const char* sql) {
  sqlite::Connection connection(path, sqlite::Mode::read_only);
  return connection.integer(sql);
}

void check_whole(const std::string& path) {
  sqlite::Connection connection(path, sqlite::Mode::read_only);
  CHECK(connection.text("PRAGMA integrity_check") == "ok");
  // Each run that ended is counted, and each that is counted ended.
  CHECK(connection.integer("SELECT ifnull(sum(runs), 0) FROM run_totals") ==
        connection.integer("SELECT count(*) FROM runs WHERE outcome IS NOT NULL"));
  CHECK(connection.integer("SELECT ifnull(sum(slots), 0) FROM slot_totals") ==
        connection.integer("SELECT count(*) FROM slots"));
}

void queue_runs(const TempLedger& temp, RunId first, RunId last) {
  for (RunId run = first; run <= last; ++run) write_whole_run(*temp.ledger, "a", std::chrono::seconds{run}, run);
}

}  // namespace

TEST_CASE("whatever way a disk fails, entries wait, and all are durable when it is well again", "[ledger][faults]") {
  const auto [fault, word] = GENERATE(table<Fault, const char*>({{Fault::io_error, "I/O error"},
                                                                 {Fault::full, "full"},
                                                                 {Fault::sync_error, "I/O error"},
                                                                 {Fault::torn_write, "I/O error"}}));
  FaultyDisk disk;
  TempLedger temp(impatient);
  queue_runs(temp, 1, 10);
  temp.sync();
  disk.fail(fault);
  queue_runs(temp, 11, 20);
  wait_for_one_more_error(*temp.ledger);
  CHECK_THAT(temp.ledger->stats().last_error, Contains(word));
  queue_runs(temp, 21, 30);  // nobody waits for the disk
  CHECK(temp.ledger->stats().queued == 80);
  CHECK(temp.reader()->runs({}).size() == 10);  // and what is durable can be read
  disk.heal();
  temp.sync();
  const LedgerStats stats = temp.ledger->stats();
  CHECK(stats.last_error.empty());
  CHECK(stats.queued == 0);
  CHECK(stats.dropped == 0);
  CHECK(stats.refused == 0);
  CHECK(count(temp.path, "SELECT count(*) FROM runs WHERE outcome = 'success'") == 30);
  check_whole(temp.path);
}

TEST_CASE("a disk that stands still holds up nobody but the writer's thread", "[ledger][faults]") {
  FaultyDisk disk;
  TempLedger temp(impatient);
  queue_runs(temp, 1, 10);
  temp.sync();
  disk.stall();
  queue_runs(temp, 11, 11);
  disk.wait_until_stalled();
  queue_runs(temp, 12, 500);  // were one of these to wait, the test would never end
  bool called = false;
  temp.ledger->when_durable([&] { called = true; });
  CHECK(temp.ledger->next_run_id() > 0);
  CHECK(temp.ledger->stats().queued == 4 * 490);
  CHECK(temp.reader()->runs({}).size() == 10);
  CHECK_FALSE(called);
  disk.go_on();
  temp.sync();
  CHECK(called);
  CHECK(temp.ledger->stats().errors == 0);
  CHECK(count(temp.path, "SELECT count(*) FROM runs") == 500);
  check_whole(temp.path);
}

TEST_CASE("a power cut in the middle of a write takes nothing that was durable", "[ledger][faults]") {
  FaultyDisk disk;
  TempLedger temp(impatient);
  for (RunId burst = 1; burst <= 5; ++burst) {
    queue_runs(temp, burst * 100 + 1, burst * 100 + 50);
    temp.sync();
    disk.fail(Fault::torn_write, 3);  // some pages of the commit arrive, one arrives in half
    queue_runs(temp, burst * 100 + 51, burst * 100 + 60);
    wait_for_one_more_error(*temp.ledger);
    disk.fail(Fault::io_error);  // and from here on, nothing
    temp.ledger.reset();
    disk.heal();
    temp.ledger = SqliteLedger::open(temp.path, temp.options);
    check_whole(temp.path);
    CHECK(count(temp.path, "SELECT count(*) FROM runs WHERE id % 100 BETWEEN 1 AND 50") == burst * 50);
  }
}

TEST_CASE("on a dead disk every entry is either waiting, or dropped and counted", "[ledger][faults]") {
  FaultyDisk disk;
  TempLedger temp({.max_queue_bytes = 64 << 10, .retry_limit = 5ms, .close_patience = 20ms});
  temp.write(run_start("a", 0s, 1));
  temp.sync();
  disk.fail(Fault::full);
  std::uint64_t taken = 0;
  std::uint64_t dropped = 0;
  for (int second = 1; second <= 2000; ++second) {
    ++(temp.write(started_slot("a", std::chrono::seconds{second}, second)) ? taken : dropped);
  }
  CHECK(dropped > 0);
  CHECK(temp.ledger->stats().dropped == dropped);
  CHECK(temp.ledger->stats().queued == taken);
  // A claim keeps a slot from running twice: it is taken when nothing else is, and what is not taken is told.
  CHECK(temp.write(SlotClaimed{.job = "a", .scheduled_at = at(3000s), .at = at(2999s)}));
  int claims = 1;
  while (temp.write(SlotClaimed{.job = "a", .scheduled_at = at(3000s + 1s * claims), .at = at(2999s)})) ++claims;
  CHECK(temp.ledger->stats().dropped == dropped + 1);
  disk.heal();
  temp.sync();
  CHECK(count(temp.path, "SELECT count(*) FROM slots") == static_cast<std::int64_t>(taken));
  CHECK(count(temp.path, "SELECT count(*) FROM claims") == claims);
  check_whole(temp.path);
}

TEST_CASE("four threads write while every third commit fails: nothing is lost or doubled", "[ledger][faults]") {
  const Fault fault = GENERATE(Fault::io_error, Fault::full, Fault::sync_error, Fault::torn_write);
  FaultyDisk disk;
  TempLedger temp({.commit_patience = Duration{0}, .retry_limit = 1ms});
  disk.fail_now_and_then(fault, 3);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, job = "job-" + std::to_string(thread)] {
      for (int second = 0; second < 100; ++second) {
        write_whole_run(*temp.ledger, job, std::chrono::seconds{second}, temp.ledger->next_run_id());
        if (second % 10 == 0) temp.sync();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  temp.sync();
  CHECK(disk.failures() > 0);
  CHECK(temp.ledger->stats().errors > 0);
  CHECK(temp.ledger->stats().refused == 0);
  disk.heal();
  temp.reopen();
  CHECK(count(temp.path, "SELECT count(*) FROM runs WHERE outcome = 'success'") == 400);
  CHECK(count(temp.path, "SELECT sum(runs) FROM run_totals") == 400);
  check_whole(temp.path);
}

TEST_CASE("an upgrade on a full disk is refused, and the old ledger is as it was", "[ledger][faults]") {
  const belfry::test::TempDir folder;
  const std::string path = (folder / "ledger.db").string();
  const auto bytes_of = [](const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  FaultyDisk disk;
  std::ofstream(path).close();
  sqlite::Connection(path, sqlite::Mode::read_write)
      .execute(bytes_of(BELFRY_SOURCE_DIR "/tests/ledger/data/version_1.sql").c_str());
  const std::string before = bytes_of(path);
  disk.fail(Fault::full);
  CHECK_THROWS_WITH(SqliteLedger::open(path), Contains("cannot keep a copy of it first") && Contains("full"));
  CHECK(bytes_of(path) == before);
  disk.heal();
  CHECK(SqliteLedger::open(path)->open_reader()->runs({}).size() == 3);
}

TEST_CASE("a backup that fails leaves nothing behind, and the ledger goes on", "[ledger][faults]") {
  FaultyDisk disk;
  TempLedger temp(impatient);
  queue_runs(temp, 1, 10);
  temp.sync();
  disk.fail(Fault::full);
  const std::string copy = (temp.folder / "copy.db").string();
  CHECK_THROWS_WITH(backup_ledger(temp.path, copy), Contains(copy) && Contains("full"));
  CHECK_FALSE(std::filesystem::exists(copy));
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
  temp.ledger.reset();
  CHECK_THROWS_AS(restore_ledger(temp.path, (temp.folder / "other.db").string()), LedgerError);
  CHECK_FALSE(std::filesystem::exists(temp.folder / "other.db"));
  disk.heal();
  check_whole(temp.path);
}
