// What all processes of a run may use together: `cgroup`.
#pragma once

#include <optional>

#include "daemon/config/error_list.hpp"
#include "daemon/config/value.hpp"
#include "io/cgroup.hpp"

namespace belfry::daemon {

struct CgroupPolicy {
  io::CgroupLimits limits{};
  Place place{};  ///< of the last `cgroup` that set one
};

/// A map, whose keys change the limits one by one, or `none`. Complains about what is wrong and leaves it as it was.
void read_cgroup(const Value& value, CgroupPolicy& cgroup);

}  // namespace belfry::daemon
