// The exit codes of `belfry`; part of its interface, see belfry(1).
#pragma once

namespace belfry::daemon::cli {

enum ExitCode : int {
  kOk = 0,
  kFailure = 1,      ///< the command failed, or the run that was waited for did
  kUsage = 2,        ///< wrong arguments
  kNotFound = 3,     ///< no such job or run
  kUnreachable = 4,  ///< the daemon does not answer
  kBadConfig = 5,    ///< a configuration is not valid
  kRefused = 6,      ///< the daemon will not do it now
};

}  // namespace belfry::daemon::cli
