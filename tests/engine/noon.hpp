// An instant for tests in which any would do: 2027-01-15 08:00 UTC.
#pragma once

#include "time/wall_time.hpp"

namespace belfry::test {

inline constexpr time::WallTime noon{std::chrono::seconds{1'800'000'000}};

}  // namespace belfry::test
