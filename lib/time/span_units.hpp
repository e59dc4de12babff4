// How many nanoseconds the units of a span have; for the sources that read and write spans. Only constants.
#pragma once

#include <cstdint>

namespace belfry::time::detail {

inline constexpr std::int64_t microsecond = 1'000;
inline constexpr std::int64_t millisecond = 1'000 * microsecond;
inline constexpr std::int64_t second = 1'000 * millisecond;
inline constexpr std::int64_t minute = 60 * second;
inline constexpr std::int64_t hour = 60 * minute;
inline constexpr std::int64_t day = 24 * hour;

}  // namespace belfry::time::detail
