// A Ledger that keeps what it is given in memory, so that a test can look at every entry at once.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "ledger/error.hpp"
#include "ledger/ledger.hpp"

namespace belfry::test {

class RecordingLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_id_; }
  void skip_run_ids(ledger::RunId used) noexcept override { last_id_ = std::max(last_id_, used); }
  bool write(ledger::Entry entry) noexcept override {
    entries_.push_back(std::move(entry));
    return true;
  }
  void when_durable(std::move_only_function<void()> done) override { done(); }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override {
    throw ledger::LedgerError("a recording ledger has no reader");
  }
  ledger::LedgerStats stats() const override { return {}; }

  /// All entries of one kind, in the order of writing.
  template <class Fact>
  std::vector<Fact> all() const {
    std::vector<Fact> facts;
    for (const ledger::Entry& entry : entries_) {
      if (const Fact* fact = std::get_if<Fact>(&entry)) facts.push_back(*fact);
    }
    return facts;
  }

 private:
  ledger::RunId last_id_ = 0;
  std::vector<ledger::Entry> entries_;
};

}  // namespace belfry::test
