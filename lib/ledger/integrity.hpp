// Whether a ledger is sound.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/sqlite.hpp"

namespace belfry::ledger {

struct Integrity {
  bool complete = true;             ///< false: time was up before all was looked at
  std::vector<std::string> damage;  ///< what is wrong, in SQLite's words; at most twenty

  bool is_sound() const noexcept { return complete && damage.empty(); }
};

enum class Depth : std::uint8_t {
  quick,  ///< the structure of every page and row: about as long as reading the file takes
  full,   ///< and that every index agrees with its table: several times as long
};

/// Looks for damage for at most `patience`. Throws sqlite::Error when it cannot look at all.
Integrity check(sqlite::Connection& connection, Depth depth, Duration patience);

/// The same for the ledger at `path`, which may be in use: nobody waits for it. Never on the loop's thread. Throws
/// LedgerError, with advice, when there is no ledger, or a newer one.
Integrity check_ledger(const std::string& path, Depth depth, Duration patience);

}  // namespace belfry::ledger
