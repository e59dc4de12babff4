// Globs that are right and likely not meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/error_list.hpp"

namespace belfry::daemon {

/// What is odd about a pattern of io/glob.hpp: a [ without its ], braces, which stand for themselves, or ** beside
/// something else between two slashes. The first of them; none: nothing.
std::optional<Complaint> odd_glob(std::string_view pattern);

}  // namespace belfry::daemon
