// belfry: arguments -> one command over the control socket -> exit code.

#include <csignal>
#include <exception>

#include "daemon/cli/arguments.hpp"

int main(int argc, char** argv) {
  namespace cli = belfry::daemon::cli;
  std::signal(SIGPIPE, SIG_DFL);  // `belfry history | head` ends quietly
  const bool json = cli::wants_json(argc, argv);
  try {
    const auto arguments = cli::parse_arguments(argc, argv);
    if (!arguments) return arguments.error();
    cli::Session session{.client = cli::Client(cli::find_socket(arguments->socket)),
                         .json = arguments->json,
                         .style = cli::Style::of(1),
                         .zone = belfry::time::Zone::local().zone,
                         .now = std::chrono::system_clock::now()};
    return arguments->command(session);
  } catch (const cli::CommandError& error) {
    return cli::report(error.code(), error.what(), json);
  } catch (const std::exception& error) {
    return cli::report(cli::kFailure, error.what(), json);
  }
}
