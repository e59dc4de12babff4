// What leads from an empty file to today's tables, one step for each version; private to schema.cpp.
#pragma once

#include <span>

namespace belfry::ledger {

/// SQL; step n brings a file from version n to n + 1. Append only.
std::span<const char* const> schema_steps() noexcept;

}  // namespace belfry::ledger
