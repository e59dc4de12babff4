// The nearest right expression to a wrong one, for the hint of an error. Part of cron_parser.cpp.
#pragma once

#include <string>
#include <string_view>

#include "time/cron_field.hpp"
#include "time/parse_error.hpp"

namespace belfry::time::detail {

/// What `text`, which `error` was found in, becomes with as little cut away as possible: the wrong bytes, else their
/// entry of a list, else the field (`*`), and so on behind it. Empty when that leads nowhere.
std::string nearest_expression(std::string_view text, ParseError error, const CronReading& reading);

}  // namespace belfry::time::detail
