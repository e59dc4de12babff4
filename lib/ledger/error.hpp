// What goes wrong with a store.
#pragma once

#include <stdexcept>

namespace belfry::ledger {

/// The store cannot be opened, read or written; what() names the file, the operation and the cause.
class LedgerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace belfry::ledger
