// The command line of belfry-exec, checked.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

struct Limit {
  int resource = 0;
  rlimit values{};
  std::string text;
};

/// Steps that are not asked for are left out.
struct Options {
  std::vector<Limit> limits;
  std::optional<int> nice;
  std::optional<mode_t> umask;
  bool no_new_privileges = false;
  char** command = nullptr;
};

/// Reads argv behind the program's name. What is wrong ends the process (report.hpp), and so does --help.
Options parse_options(char** arguments);
