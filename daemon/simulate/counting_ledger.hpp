// A Ledger that gives out numbers and keeps nothing: a simulation counts events, and has no past. One thread.
#pragma once

#include <memory>
#include <utility>

#include "ledger/error.hpp"
#include "ledger/ledger.hpp"

namespace belfry::daemon {

class CountingLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_id_; }
  void skip_run_ids(ledger::RunId used) noexcept override { last_id_ = std::max(last_id_, used); }
  bool write(ledger::Entry /*entry*/) noexcept override {
    ++written_;
    return true;
  }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override {
    throw ledger::LedgerError("a simulation keeps no record");
  }
  ledger::LedgerStats stats() const override {
    ledger::LedgerStats stats;
    stats.written = written_;
    return stats;
  }

 private:
  ledger::RunId last_id_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace belfry::daemon
