// This program as it was started: what is needed to become its successor in the same process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace belfry::daemon {

struct Program {
  /// Where a newer version of it will lie: the path by which it was started, not the file that it was read from, which
  /// an update may have removed.
  std::filesystem::path path;
  std::vector<std::string> arguments;    ///< with the name at the beginning
  std::vector<std::string> environment;  ///< "NAME=value", as it was before anything was taken out of it
};

/// REQUIRES: called first in main(), before the environment is changed.
Program this_program(int argc, char** argv);

/// Sockets that stay open while this process becomes another program; -1: there is none.
struct Handover {
  int control = -1;
  int metrics = -1;
  bool upgraded = false;  ///< our predecessor was this very process
};

/// What the predecessor left in the environment, which is cleared of it; the sockets are close-on-exec again.
/// Descriptors that are not open are none. REQUIRES: no other thread uses the environment.
Handover take_handover();

/// Becomes the program that lies at `path` now: execve(2). Children stay ours, the open sockets of `handover` are the
/// successor's; all else of this process ends as with kill -9. Returns errno when it could not; then nothing has
/// changed.
int become(const Program& program, const Handover& handover);

}  // namespace belfry::daemon
