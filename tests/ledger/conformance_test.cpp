// The promises of a ledger, kept by SQLite: on a good disk, and on one that fails now and then.
#include <catch2/catch.hpp>

#include "ledger/conformance.hpp"
#include "ledger/ledger_fixture.hpp"
#include "ledger/sqlite.hpp"
#include "ledger/support/faulty_disk.hpp"

using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

class SqliteBed : public LedgerBed {
 public:
  explicit SqliteBed(const SqliteOptions& options) : temp_(options) {}
  Ledger& ledger() override { return *temp_.ledger; }
  void reopen() override { temp_.reopen(); }

 protected:
  TempLedger temp_;
};

// Every third commit fails at its first try. The opening does not: it would be refused, as it should be.
class FailingBed final : public LedgerBed {
 public:
  explicit FailingBed(const Retention& retention)
      : temp_({.durability = Durability::full, .retry_limit = 1ms, .retention = retention}) {
    disk_.fail_now_and_then(Fault::torn_write, 3);
  }
  ~FailingBed() override {
    disk_.heal();
    temp_.ledger.reset();
    sqlite::Connection file(temp_.path, sqlite::Mode::read_only);
    CHECK(file.text("PRAGMA integrity_check") == "ok");
  }
  Ledger& ledger() override { return *temp_.ledger; }
  void reopen() override {
    temp_.ledger.reset();  // its last commits and the copy of the log into the file: on the failing disk
    disk_.heal();
    temp_.ledger = SqliteLedger::open(temp_.path, temp_.options);
    disk_.fail_now_and_then(Fault::torn_write, 3);
  }

 private:
  FaultyDisk disk_;  // first: it goes after the connections
  TempLedger temp_;
};

}  // namespace

TEST_CASE("SQLite keeps the promises of a ledger", "[ledger][conformance]") {
  check_conformance([](const Retention& retention) {
    return std::make_unique<SqliteBed>(SqliteOptions{.durability = Durability::normal, .retention = retention});
  });
}

TEST_CASE("SQLite keeps the promises of a ledger on a disk that fails now and then", "[ledger][conformance]") {
  check_conformance([](const Retention& retention) { return std::make_unique<FailingBed>(retention); });
}
