// What is the same for every store: flush(), from the writer's callback back to the loop that waits; see ledger.hpp.
#include "async/future.hpp"
#include "ledger/error.hpp"
#include "ledger/ledger.hpp"

namespace belfry::ledger {

async::Task<> flush(Ledger& ledger) {
  async::Promise<void> promise;
  async::Future<void> durable = promise.future();
  ledger.when_durable([promise = std::move(promise)]() mutable { promise.set_value_threadsafe(); });
  co_await durable;
}

std::uint64_t Ledger::backup(const std::string& /*to*/, const Stop& /*stop*/) const {
  throw LedgerError("this ledger makes no copies of itself; back it up with the tools of its database");
}

}  // namespace belfry::ledger
