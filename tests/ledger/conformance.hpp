// What every store must keep of the promises of ledger.hpp, as tests that know nothing of the store.
//
//   TEST_CASE("SQLite keeps the promises of a ledger") { check_conformance(make_bed); }
//
// Each SECTION gets a store of its own. A new store brings a LedgerBed, and nothing else.
#pragma once

#include <functional>
#include <memory>

#include "ledger/ledger.hpp"
#include "ledger/retention.hpp"

namespace belfry::ledger::test {

/// A store in use, empty at first.
class LedgerBed {
 public:
  virtual ~LedgerBed() = default;
  virtual Ledger& ledger() = 0;

  /// Closes it in order, as the end of a daemon does, and opens it again. No reader may be open.
  virtual void reopen() = 0;
};

using MakeBed = std::function<std::unique_ptr<LedgerBed>(const Retention&)>;

/// The whole suite; call it from a TEST_CASE.
void check_conformance(const MakeBed& make);

}  // namespace belfry::ledger::test
