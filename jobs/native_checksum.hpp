// The native function `checksum`: SHA-256 of files, written as sha256sum(1) does.
#pragma once

#include "jobs/native.hpp"

namespace belfry::jobs {

/// Its output can be checked with `sha256sum --check`.
NativeFunction checksum_function();

}  // namespace belfry::jobs
