// flush() parks its task until the ledger is durable, and nothing else.
#include <catch2/catch.hpp>

#include "async/run.hpp"
#include "async/timeout.hpp"
#include "ledger/sqlite.hpp"
#include "ledger_fixture.hpp"

using namespace belfry;
using namespace belfry::ledger;
using namespace belfry::ledger::test;

namespace {

async::Task<std::size_t> write_and_flush(const TempLedger& temp) {
  write_whole_run(*temp.ledger, "a", 1s, 1);
  co_await flush(*temp.ledger);
  const auto rows = temp.reader()->runs({});
  co_return rows.size();
}

async::Task<bool> flush_for(const TempLedger& temp, Duration limit) {
  temp.write(run_start("a", 1s, 1));
  const bool done = co_await async::move_on_after(limit, flush(*temp.ledger));
  co_return done;
}

}  // namespace

TEST_CASE("flush completes when all that was written before is durable", "[ledger]") {
  TempLedger temp;
  CHECK(async::run(write_and_flush(temp)) == 1);
}

TEST_CASE("a cancelled flush stops waiting, and its callback may come when the loop has gone", "[ledger]") {
  TempLedger temp({.retry_limit = 20ms});
  sqlite::Connection other(temp.path, sqlite::Mode::read_write);
  other.execute("BEGIN IMMEDIATE");  // no commit can succeed
  CHECK_FALSE(async::run(flush_for(temp, 1ms)));
  other.execute("COMMIT");
  temp.sync();
  CHECK(temp.reader()->runs({}).size() == 1);
}
