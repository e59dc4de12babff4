// The key `fails_when`: in which output a program fails in spite of its exit code.
#pragma once

#include "daemon/config/value.hpp"
#include "jobs/failure_signs.hpp"

namespace belfry::daemon {

/// A map, whose keys change `signs` one by one, or `none`. Complains about what is wrong, and leaves it as it was.
void read_failure_signs(const Value& value, jobs::FailureSigns& signs);

}  // namespace belfry::daemon
