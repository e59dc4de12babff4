#include "ledger/ledger.hpp"
#include "observe/collectors.hpp"
#include "observe/family.hpp"

namespace belfry::observe {

namespace {

class LedgerCollector final : public prometheus::Collectable {
 public:
  explicit LedgerCollector(const ledger::Ledger& ledger) : ledger_(ledger) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const ledger::LedgerStats stats = ledger_.stats();
    std::vector<prometheus::MetricFamily> out;
    const auto number = [](auto value) { return static_cast<double>(value); };
    FamilyBuilder::gauge("belfry_store_queued_writes", "Entries that are not yet durable.")
        .add({}, number(stats.queued))
        .move_to(out);
    FamilyBuilder::gauge("belfry_store_queued_bytes", "Memory of the entries that are not yet durable.")
        .add({}, number(stats.queued_bytes))
        .move_to(out);
    FamilyBuilder::counter("belfry_store_writes_total", "Entries made durable.")
        .add({}, number(stats.written))
        .move_to(out);
    FamilyBuilder::counter("belfry_store_commits_total", "Transactions that made them durable.")
        .add({}, number(stats.commits))
        .move_to(out);
    FamilyBuilder::counter("belfry_store_errors_total", "Operations of the store that failed; they are tried again.")
        .add({{"op", "commit"}}, number(stats.errors))
        .move_to(out);
    FamilyBuilder::counter("belfry_store_dropped_writes_total",
                           "What a full queue made the ledger give up: whole entries, or the output of an attempt.")
        .add({{"kind", "entry"}}, number(stats.dropped))
        .add({{"kind", "output"}}, number(stats.dropped_output))
        .move_to(out);
    FamilyBuilder::gauge("belfry_store_size_bytes", "Size of the store.")
        .add({}, number(stats.size_bytes))
        .move_to(out);
    return out;
  }

 private:
  const ledger::Ledger& ledger_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> ledger_collector(const ledger::Ledger& ledger) {
  return std::make_shared<LedgerCollector>(ledger);
}

}  // namespace belfry::observe
