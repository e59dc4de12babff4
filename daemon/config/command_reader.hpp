// A command: text for the shell, or a list of a program and its arguments.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config/value.hpp"
#include "jobs/exec.hpp"

namespace belfry::daemon {

using CommandLine = std::variant<std::string, std::vector<std::string>>;

/// Complains about what is wrong, and gives nothing then.
std::optional<CommandLine> read_command_line(const Value& value);

/// The text of a script, and its interpreter if one is given. The same.
std::optional<jobs::Script> read_script(const Value& text, const std::optional<Value>& interpreter);

}  // namespace belfry::daemon
