// A ledger that takes everything and keeps nothing: what the engine costs without one.
#pragma once

#include <memory>
#include <utility>

#include "ledger/error.hpp"
#include "ledger/ledger.hpp"

namespace belfry::bench {

class NoLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_; }
  void skip_run_ids(ledger::RunId) noexcept override {}
  bool write(ledger::Entry) noexcept override { return true; }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { throw ledger::LedgerError("nothing is kept"); }
  ledger::LedgerStats stats() const override { return {}; }

 private:
  ledger::RunId last_ = 0;
};

}  // namespace belfry::bench
