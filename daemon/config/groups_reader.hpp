// The keys `groups` and `catchup` of the top, and the key `group` of a job.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/config/map_reader.hpp"
#include "engine/policies.hpp"

namespace belfry::daemon {

/// A named group of a file. Plain value; any thread.
struct GroupDeclaration {
  engine::GroupPolicy policy;
  Place place;  ///< of its name
};

using Groups = std::map<std::string, GroupDeclaration, std::less<>>;

/// Reads the map of groups; complains about what is wrong. A group that is wrong is there all the same: that it is used
/// is no mistake.
Groups read_groups(const Value& value);

/// Changes what the map `catchup` gives.
void read_catchup(const Value& value, engine::CatchupPolicy& policy);

/// The value of a job's `group`: a name, a map with a name, or `none`. Complains about what is wrong, also about names
/// that there are not, and leaves `use` as it was.
void read_group_use(const Value& value, const Groups& groups, std::optional<engine::GroupUse>& use);

}  // namespace belfry::daemon
