// How much a commit of the ledger withstands.
#pragma once

#include <cstdint>

namespace belfry::ledger {

enum class Durability : std::uint8_t {
  normal,  ///< a killed process loses nothing that is durable; a power cut may lose the last commits, never more
  full,    ///< nothing that is durable is lost by a power cut either: each commit waits for the disk
};

}  // namespace belfry::ledger
