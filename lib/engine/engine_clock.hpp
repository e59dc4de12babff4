// What the files of the engine ask of the running loop's clock. Private to lib/engine.
#pragma once

#include "async/loop.hpp"
#include "engine/token_bucket.hpp"

namespace belfry::engine {

inline WallTime wall_now() { return async::Loop::current().wall_now(); }
inline Monotonic monotonic_now() { return Monotonic(Duration(async::Loop::current().now_ns())); }

}  // namespace belfry::engine
