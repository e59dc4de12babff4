#include "daemon/sla_sources.hpp"

#include <exception>
#include <utility>

#include "async/cancel.hpp"

namespace belfry::daemon {
namespace {

using Wanted = std::map<std::string, std::size_t>;

observe::RunHistory read(const ledger::Ledger& ledger, const Wanted& wanted) {
  observe::RunHistory history;
  const std::unique_ptr<ledger::LedgerReader> reader = ledger.open_reader();
  for (const auto& [job, limit] : wanted) history.emplace(job, reader->durations(job, limit));
  return history;
}

async::Task<observe::RunHistory> read_beside(const ledger::Ledger& ledger, async::ThreadPool& pool, observe::Log& log,
                                             Wanted wanted) {
  try {
    co_return co_await pool.run([&ledger, wanted = std::move(wanted)] { return read(ledger, wanted); });
  } catch (const async::Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    log.warning("the checks of sla do without the runs on record", {{"reason", error.what()}});
    co_return observe::RunHistory{};
  }
}

}  // namespace

observe::SlaSources sla_sources(const engine::Engine& engine, const ledger::Ledger& ledger, async::ThreadPool& pool,
                                observe::Log& log) {
  return {
      .status = [&engine](const std::string& job) { return engine.job(job); },
      .history = [&ledger, &pool, &log](Wanted wanted) { return read_beside(ledger, pool, log, std::move(wanted)); }};
}

}  // namespace belfry::daemon
