// The command line of belfry-exec, checked.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "identity.hpp"
#include "namespaces.hpp"
#include "placement.hpp"

struct Limit {
  int resource = 0;
  rlimit values{};
  std::string text;
};

/// Steps that are not asked for are left out.
struct Options {
  std::vector<Limit> limits;
  Placement placement;
  Sandbox sandbox;
  std::uint64_t dropped_capabilities = 0;  ///< a bit for each
  std::optional<mode_t> umask;
  std::optional<Identity> user;
  bool no_new_privileges = false;
  const char* working_dir = nullptr;
  int kept_descriptor = -1;  ///< besides the standard streams
  char** command = nullptr;
};

/// Reads argv behind the program's name. What is wrong ends the process (report.hpp), and so does --help.
Options parse_options(char** arguments);
