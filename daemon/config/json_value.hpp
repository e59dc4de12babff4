// A value of the file, of any kind, as JSON.
#pragma once

#include <optional>
#include <string>

#include "daemon/config/value.hpp"

namespace belfry::daemon {

/// The value as JSON, on one line. A plain scalar that is a number, true, false or null in JSON is one; all others are
/// texts. Complains about nothing but a value that is not there.
std::optional<std::string> json_text(const Value& value);

}  // namespace belfry::daemon
