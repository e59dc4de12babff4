// A command: text for the shell, or a list of a program and its arguments.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/value.hpp"

namespace belfry::daemon {

using CommandLine = std::variant<std::string, std::vector<std::string>>;

/// Complains about what is wrong, and gives nothing then.
std::optional<CommandLine> read_command_line(const Value& value);

}  // namespace belfry::daemon
