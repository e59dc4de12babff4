// A disk that is full stops neither the callers nor, once there is space again, the ledger.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

// Files of this process may not grow beyond so many bytes, as long as the object lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

// A file system of one megabyte in memory.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return mounted_; }
  std::string path(std::string_view name) const { return (folder_ / name).string(); }

 private:
  belfry::test::TempDir folder_;
  bool mounted_;
};

AttemptEnded loud_attempt(RunId run, std::size_t bytes) {
  AttemptEnded attempt = attempt_end("loud", 1s, run, 1, Outcome::success);
  attempt.standard_output = {.head = std::string(bytes, 'x'), .tail = "", .total_bytes = bytes, .dropped_bytes = 0};
  return attempt;
}

// The named event is a failed commit: the writer counts it.
void wait_for_an_error(const Ledger& ledger) {
  while (ledger.stats().errors == 0) std::this_thread::yield();
}

// What the failing commit said, as long as it has not been followed by one that went well: the first retry of a full
// disk may, because it empties the log.
std::string wait_until_stored_or_refused(const Ledger& ledger) {
  LedgerStats stats = ledger.stats();
  while (stats.queued > 0 && stats.last_error.empty()) {
    std::this_thread::yield();
    stats = ledger.stats();
  }
  return stats.last_error;
}

constexpr SqliteOptions retries_soon{.retry_limit = 20ms};

}  // namespace

TEST_CASE("a failing disk is reported, and what waited is durable when it is back", "[ledger]") {
  TempLedger temp(retries_soon);
  write_whole_run(*temp.ledger, "a", 1s, 1);
  temp.sync();
  {
    const FileSizeLimit limit(4096);
    write_whole_run(*temp.ledger, "a", 2s, 2);
    wait_for_an_error(*temp.ledger);
    const LedgerStats stats = temp.ledger->stats();
    CHECK(stats.last_error.starts_with(temp.path + ": "));
    CHECK(stats.queued == 4);
    CHECK(stats.queued_bytes > 0);
    CHECK(temp.reader()->runs({}).size() == 1);  // history can be read all the while
    write_whole_run(*temp.ledger, "a", 3s, 3);
  }
  temp.sync();
  CHECK(temp.reader()->runs({}).size() == 3);
  const LedgerStats stats = temp.ledger->stats();
  CHECK(stats.last_error.empty());
  CHECK(stats.queued == 0);
  CHECK(stats.dropped == 0);
  CHECK(stats.refused == 0);
  CHECK(temp.reader()->resume().jobs[0].runs[0].count == 3);  // tries that failed left no trace in the totals
}

TEST_CASE("a full disk is reported, and what waited is durable when there is space", "[ledger]") {
  const SmallDisk disk;
  if (!disk.is_mounted()) {
    WARN("skipped: mounting a small tmpfs needs CAP_SYS_ADMIN");
    return;
  }
  const auto ledger = SqliteLedger::open(disk.path("ledger.db"), retries_soon);
  write_whole_run(*ledger, "a", 1s, ledger->next_run_id());
  wait_until_durable(*ledger);
  {
    std::ofstream ballast(disk.path("ballast"));
    while (ballast << std::string(4096, 'b') << std::flush) {
    }
  }
  std::string error;
  while (error.empty()) {
    const RunId run = ledger->next_run_id();
    write_whole_run(*ledger, "a", std::chrono::seconds{run}, run);
    error = wait_until_stored_or_refused(*ledger);
  }
  CHECK_THAT(error, Catch::Matchers::Contains("full"));
  ::unlink(disk.path("ballast").c_str());
  wait_until_durable(*ledger);

  const LedgerStats stats = ledger->stats();
  CHECK(stats.last_error.empty());
  CHECK(stats.dropped == 0);
  sqlite::Connection connection(disk.path("ledger.db"), sqlite::Mode::read_only);
  CHECK(connection.text("PRAGMA integrity_check") == "ok");
  CHECK(connection.integer("SELECT count(*) FROM runs") == ledger->next_run_id() - 1);
}

TEST_CASE("the queue is bounded: outputs are shed first, then entries are dropped, and what people asked for last",
          "[ledger]") {
  constexpr std::size_t limit = 1 << 20;
  TempLedger temp({.max_queue_bytes = limit, .retry_limit = 20ms});
  temp.write(run_start("loud", 1s, 1));
  temp.sync();
  {
    const FileSizeLimit no_growth(4096);
    temp.write(run_start("loud", 1s, 2));
    wait_for_an_error(*temp.ledger);

    int attempt = 0;
    while (temp.ledger->stats().dropped_output == 0) {
      AttemptEnded loud = loud_attempt(1, 50'000);
      loud.attempt = ++attempt;
      temp.write(loud);
    }
    CHECK(temp.ledger->stats().dropped == 0);
    CHECK(temp.ledger->stats().queued_bytes <= limit / 2 + 60'000);
    for (int second = 0; temp.ledger->stats().dropped == 0; ++second) {
      temp.write(started_slot("loud", std::chrono::seconds{second}, 1));
    }
    temp.write(PauseChanged{.job = "loud", .paused = true, .reason = "disk", .by = "ann", .at = at(0s)});
    CHECK(temp.ledger->stats().dropped == 1);
    CHECK(temp.ledger->stats().queued_bytes <= limit);
  }
  temp.sync();
  const auto attempts = temp.reader()->attempts(1);
  REQUIRE(attempts.size() > 5);
  CHECK(attempts.front().standard_output.head.size() == 50'000);
  CHECK(attempts.back().standard_output.head.empty());
  CHECK(attempts.back().standard_output.total_bytes == 50'000);
  CHECK(attempts.back().standard_output.dropped_bytes == 50'000);
  CHECK(temp.reader()->resume().paused.size() == 1);
  CHECK(temp.ledger->stats().queued == 0);
}

TEST_CASE("closing on a dead disk gives up after its patience, and still calls who waits", "[ledger]") {
  TempLedger temp({.retry_limit = 10ms, .close_patience = 100ms});
  bool called = false;
  temp.sync();
  {
    const FileSizeLimit limit(4096);
    write_whole_run(*temp.ledger, "a", 1s, 1);
    temp.ledger->when_durable([&] { called = true; });
    wait_for_an_error(*temp.ledger);
    temp.ledger.reset();
  }
  CHECK(called);
  temp.ledger = SqliteLedger::open(temp.path);
  CHECK(temp.reader()->runs({}).empty());
}

TEST_CASE("another program's transaction delays commits and loses nothing", "[ledger]") {
  TempLedger temp(retries_soon);
  sqlite::Connection other(temp.path, sqlite::Mode::read_write);
  other.execute("BEGIN IMMEDIATE");
  write_whole_run(*temp.ledger, "a", 1s, 1);
  wait_for_an_error(*temp.ledger);
  CHECK_THAT(temp.ledger->stats().last_error, Catch::Matchers::Contains("locked"));
  other.execute("COMMIT");
  temp.sync();
  CHECK(temp.reader()->runs({}).size() == 1);
}
