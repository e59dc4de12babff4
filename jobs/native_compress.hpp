// The native function `compress`: files one by one into .gz or .zst beside them.
#pragma once

#include "jobs/native.hpp"

namespace belfry::jobs {

/// Files that end in .gz or .zst already are passed over. If a target exists, the run fails and nothing is touched.
NativeFunction compress_function();

}  // namespace belfry::jobs
