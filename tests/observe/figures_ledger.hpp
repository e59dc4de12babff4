// A ledger that only has figures.
#pragma once

#include <functional>
#include <memory>

#include "ledger/ledger.hpp"

namespace belfry::test {

class FiguresLedger final : public ledger::Ledger {
 public:
  ledger::LedgerStats figures;

  ledger::RunId next_run_id() noexcept override { return 1; }
  void skip_run_ids(ledger::RunId) noexcept override {}
  bool write(ledger::Entry) noexcept override { return true; }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { return nullptr; }
  ledger::LedgerStats stats() const override { return figures; }
};

}  // namespace belfry::test
