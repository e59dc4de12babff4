// The two units in which all of belfry counts, an instant of the wall clock and a span, and the years that it knows.
//
// Plain values, no clock is read here: whoever needs "now" is given it (async::Clock).
#pragma once

#include <chrono>

namespace belfry::time {

/// A span, in nanoseconds (about 292 years either way).
using Duration = std::chrono::nanoseconds;

/// An instant of the wall clock (Unix time, no leap seconds), in nanoseconds; 1677-09-21 to 2262-04-11.
using WallTime = std::chrono::sys_time<Duration>;

/// The years that a date may lie in which somebody writes, and in which an expression is searched for one.
inline constexpr int first_year = 1900;
inline constexpr int last_year = 2199;

}  // namespace belfry::time
