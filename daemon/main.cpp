// belfryd: command line -> configuration -> daemon. Exit codes: 0 ended in order, 1 failure, 2 usage, 5 bad
// configuration.

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "daemon/config/config_error.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/daemon.hpp"
#include "daemon/options.hpp"
#include "daemon/program.hpp"
#include "io/launch_pad.hpp"
#include "jobs/action_registry.hpp"

namespace {

constexpr int exit_failure = 1;
constexpr int exit_bad_config = 5;

/// Started with a standard stream closed, the next file opened would take its place, and the log would be written into
/// the ledger's lock file.
void open_standard_streams() {
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

int start(int argc, char** argv) {
  namespace daemon = belfry::daemon;
  namespace jobs = belfry::jobs;
  daemon::Program program = daemon::this_program(argc, argv);
  const daemon::Handover handover = daemon::take_handover();
  const auto options = daemon::parse_options(argc, argv);
  if (!options) return options.error();
  const jobs::ActionRegistry actions = jobs::ActionRegistry::with_builtins();
  const daemon::LoadOptions load{
      .actions = &actions, .started = std::chrono::system_clock::now(), .read_secrets = true};
  daemon::Loaded loaded = daemon::load_with_files(options->config, load);
  if (!loaded.config) {
    const bool colour = isatty(STDERR_FILENO) == 1;
    std::fputs(daemon::format_errors(loaded.config.error(), colour).c_str(), stderr);
    return exit_bad_config;
  }
  if (options->check) {
    std::printf("belfryd %s: %s is valid\n", BELFRY_VERSION, options->config.c_str());
    return 0;
  }
  return daemon::run_daemon({.program = std::move(program),
                             .handover = handover,
                             .options = *options,
                             .load = load,
                             .config = std::move(*loaded.config),
                             .files = std::move(loaded.files)});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    open_standard_streams();
    belfry::io::LaunchPad::reserve();  // if there are no descriptors, the first launch says so
    std::signal(SIGPIPE, SIG_IGN);     // a reader of the log that goes away is an error of that write, not our end
    return start(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "belfryd: %s\n", error.what());
    return exit_failure;
  }
}
