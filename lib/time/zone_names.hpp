// Which zone names the installed tzdata has, and what a wrong name was meant to be. Part of zone.hpp's implementation.
//
// Reads tzdata.zi, the text form that Debian ships beside the compiled files; any thread, behind one lock.
#pragma once

#include <string>
#include <string_view>

#include "time/parse_error.hpp"

namespace belfry::time::detail {

/// The directory of the compiled zones: $TZDIR or /usr/share/zoneinfo.
std::string zone_directory();

/// How often refresh_zones() has seen another tzdata; 0 at first.
unsigned zone_generation() noexcept;

/// Looks at tzdata.zi; true when it is another one than at the last look, which is then the generation before.
bool look_for_new_zone_data();

/// An error unless `name` may be opened below zone_directory() and is in the list (when there is a list).
Parsed<void> check_zone_name(std::string_view name);

/// "no zone is called ..." with the nearest name.
ParseError unknown_zone(std::string_view name);

}  // namespace belfry::time::detail
