// The words of outcome.hpp, as they are read back from a store.
#pragma once

#include <string>
#include <string_view>

#include "ledger/error.hpp"
#include "ledger/outcome.hpp"

namespace belfry::ledger {

/// The value, or LedgerError naming the word: only a damaged store, or one edited by hand, has other words.
template <class Value>
Value known_word(std::optional<Value> value, std::string_view word) {
  if (!value)
    throw LedgerError("the ledger holds the unknown word '" + std::string(word) + "'; restore it from a backup");
  return *value;
}

inline Outcome read_outcome(std::string_view word) { return known_word(outcome_from(word), word); }
inline RunTrigger read_run_trigger(std::string_view word) { return known_word(run_trigger_from(word), word); }
inline SlotResult read_slot_result(std::string_view word) { return known_word(slot_result_from(word), word); }
inline SlotReason read_slot_reason(std::string_view word) { return known_word(slot_reason_from(word), word); }

}  // namespace belfry::ledger
