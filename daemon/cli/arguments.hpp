// The command line of `belfry`, by CLI11. The only file of the client that pays for including it is arguments.cpp.
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

/// The command to carry out, or the exit code with which to leave at once: 0 after --help, 2 after wrong usage. What
/// the user should read was printed already.
std::expected<Arguments, int> parse_arguments(int argc, const char* const* argv);

}  // namespace belfry::daemon::cli
