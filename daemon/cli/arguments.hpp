// The command line of `belfry`, by CLI11. Only the files that declare commands pay for including it.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

struct Arguments {
  std::string socket;  ///< empty: see find_socket()
  bool json = false;
  std::function<int(Session&)> command;
};

/// Whether --json is among the arguments, also when they are wrong: the error is told as JSON then, too.
bool wants_json(int argc, const char* const* argv);

/// The command to carry out, or the exit code with which to leave at once, after --help. Throws CommandError after
/// wrong usage. What follows "--" is for `in` and `at` the command to run, and left as it is.
std::expected<Arguments, int> parse_arguments(int argc, const char* const* argv);

}  // namespace belfry::daemon::cli
