// The native function `checksum`: SHA-256 of files, written as sha256sum(1) does.
#pragma once

#include "jobs/native.hpp"

namespace belfry::jobs {

/// Its output can be checked with `sha256sum --check`. Where no file matches, the run succeeds, says so and leaves the
/// output as it is.
NativeFunction checksum_function();

}  // namespace belfry::jobs
