// Copies of a ledger: while it is in use, into its place, and smaller.
//
// All of it reads and writes files as large as the ledger: never on the loop's thread. Any other thread may call.
#pragma once

#include <cstdint>
#include <string>

#include "ledger/ledger.hpp"
#include "ledger/sqlite.hpp"

namespace belfry::ledger {

enum class OnExisting : std::uint8_t { refuse, replace };

/// Copies what the connection sees now into the file `to`, mode 0600: complete, checked and on the disk, or not there
/// at all. The copy is one file, without a log beside it. Others may write the ledger meanwhile and do not wait. Gives
/// its bytes. Throws LedgerError naming `to`.
std::uint64_t copy_ledger(sqlite::Connection& from, const std::string& to, OnExisting existing, const Stop& stop = {});

/// copy_ledger() of the ledger at `path`, in use or not, into a file that does not exist yet.
std::uint64_t backup_ledger(const std::string& path, const std::string& to, const Stop& stop = {});

struct Restored {
  std::uint64_t bytes = 0;
  std::string replaced;  ///< where the file lies that was there before; empty: there was none
};

/// Puts a checked copy of the ledger `from` in the place of the one at `path`, whether that is sound or not; it is kept
/// beside. Throws LedgerInUse while a daemon uses `path`, LedgerError when `from` is damaged, no ledger, or newer than
/// this program, or something cannot be written; nothing was changed then.
Restored restore_ledger(const std::string& from, const std::string& path);

struct Vacuumed {
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

/// Writes the ledger anew, without the space that deleted history left. Needs as much free space as the ledger takes.
/// Throws LedgerInUse while a daemon uses it, and LedgerError.
Vacuumed vacuum_ledger(const std::string& path);

}  // namespace belfry::ledger
