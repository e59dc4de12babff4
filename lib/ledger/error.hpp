// What goes wrong with a store.
#pragma once

#include <stdexcept>

namespace belfry::ledger {

/// The store cannot be opened, read or written; what() names the file, the operation and the cause.
class LedgerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another process uses the store; what() names it.
class LedgerInUse : public LedgerError {
 public:
  using LedgerError::LedgerError;
};

/// What to do about a file that is damaged, or no ledger: follows a cause.
inline constexpr const char* advice_on_damage =
    "; put a backup in its place with `belfry db restore`, or move the file away (with its -wal and -shm files) to "
    "begin "
    "a new ledger";

}  // namespace belfry::ledger
