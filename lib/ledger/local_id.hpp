// A name for a ledger that no other on this machine has.
#pragma once

#include <string>

namespace belfry::ledger {

/// Sixteen hexadecimal digits made of the folder that the ledger lies in (its device, number and birth, so the way to
/// it does not matter, and a container's folder of the same name, or one that was made anew, is another one) and the
/// name of its file. The same until the machine boots again. REQUIRES: the folder exists (LedgerError). Any thread.
std::string local_id(const std::string& ledger_path);

}  // namespace belfry::ledger
