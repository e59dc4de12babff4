// The values that a field of a cron expression allows, from its set of bits.
#pragma once

#include <bit>
#include <cstdint>

namespace belfry::time::detail {

/// Calls `use` with the number of every set bit, the lowest first.
template <typename Use>
void for_each_bit(std::uint32_t bits, Use use) {
  for (; bits != 0; bits &= bits - 1) use(static_cast<unsigned>(std::countr_zero(bits)));
}

}  // namespace belfry::time::detail
