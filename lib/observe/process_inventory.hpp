// ProcessInventory: what this process holds of the system: descriptors, child processes, threads. A plain value.
#pragma once

#include <sys/types.h>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "observe/log.hpp"

namespace belfry::observe {

struct ProcessInventory {
  struct Child {
    std::string name;    ///< as the kernel has it, cut to 15 characters
    bool ended = false;  ///< nobody has taken its exit status
  };
  std::map<int, std::string> descriptors;  ///< what each is: a path, "pipe:[71]"
  std::map<pid_t, Child> children;
  std::map<pid_t, std::string> threads;  ///< by name

  /// As it is now. Reads /proc, so not on a loop's thread while it serves; any other. What /proc does not show is
  /// missing.
  static ProcessInventory take();

  /// What is here and was not in `before`, a line for each: "descriptor 7: pipe:[71]". Threads that have the name of
  /// the first thread are left out: they are those of libuv, which ends them with the process.
  std::vector<std::string> since(const ProcessInventory& before) const;
};

/// After an end in order nothing may be left: logs what is here and was not in `before`, 20 lines at most. Child
/// processes called `lives_on` are meant to outlive us.
void tell_leftovers(Log& log, const ProcessInventory& before, std::string_view lives_on);

}  // namespace belfry::observe
