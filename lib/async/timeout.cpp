// See timeout.hpp.

#include "async/timeout.hpp"

namespace belfry::async {

TimeoutError::TimeoutError(Duration limit)
    : std::runtime_error("timed out after " + std::to_string(limit.count() / 1'000'000) + " ms"), limit_(limit) {}

}  // namespace belfry::async
