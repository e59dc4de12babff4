// belfryd, wired: the one place where config, engine, ledger, observers and the control API meet.
//
// main.cpp reads the command line and the file; run_daemon() does the rest and owns everything while it runs.
#pragma once

#include <vector>

#include "daemon/config/load_config.hpp"
#include "daemon/options.hpp"
#include "daemon/program.hpp"

namespace belfry::daemon {

/// With what belfryd starts.
struct Start {
  Program program;    ///< what belfryd becomes by an upgrade
  Handover handover;  ///< what it was given by one
  Options options;
  LoadOptions load;  ///< as used for `config`, and for every reload
  Config config;
  std::vector<SourceFile> files;  ///< what `config` was read from
};

/// Runs belfryd until SIGTERM or SIGINT. Returns the exit code: 0 after an orderly end, 1 when it could not start or go
/// on (the log says why). REQUIRES: the calling thread is the only one of the process.
int run_daemon(Start start);

}  // namespace belfry::daemon
