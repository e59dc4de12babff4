// A ledger that takes everything and keeps nothing: what the engine costs without one. What it was told counts as
// durable with all of the same 25 milliseconds, as with SQLite: who waits for that is not woken for each run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "async/sleep.hpp"
#include "async/spawn.hpp"
#include "async/task.hpp"
#include "ledger/error.hpp"
#include "ledger/ledger.hpp"

namespace belfry::bench {

class NoLedger final : public ledger::Ledger {
 public:
  ledger::RunId next_run_id() noexcept override { return ++last_; }
  void skip_run_ids(ledger::RunId) noexcept override {}
  bool write(ledger::Entry) noexcept override { return true; }
  void when_durable(std::move_only_function<void()> done) override {
    waiting_.push_back(std::move(done));
    if (waiting_.size() == 1) committing_ = async::spawn(commit(), async::SpawnOptions("commit"));
  }
  std::unique_ptr<ledger::LedgerReader> open_reader() const override { throw ledger::LedgerError("nothing is kept"); }
  ledger::LedgerStats stats() const override { return {}; }

 private:
  async::Task<> commit() {
    co_await async::sleep(std::chrono::milliseconds(25));
    for (auto& done : std::exchange(waiting_, {})) done();
  }

  std::vector<std::move_only_function<void()>> waiting_;
  async::JoinHandle<void> committing_;
  ledger::RunId last_ = 0;
};

}  // namespace belfry::bench
