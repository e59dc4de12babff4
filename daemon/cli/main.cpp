// belfry: arguments -> one command over the control socket -> exit code.

#include <csignal>
#include <exception>

#include "daemon/cli/arguments.hpp"

int main(int argc, char** argv) {
  using namespace belfry::daemon::cli;
  std::signal(SIGPIPE, SIG_DFL);  // `belfry history | head` ends quietly
  const bool json = wants_json(argc, argv);
  try {
    const auto arguments = parse_arguments(argc, argv);
    if (!arguments) return arguments.error();
    Session session{.client = Client(find_socket(arguments->socket)),
                    .json = arguments->json,
                    .style = Style::of(1),
                    .zone = belfry::time::Zone::local().zone,
                    .now = std::chrono::system_clock::now()};
    return arguments->command(session);
  } catch (const CommandError& error) {
    return report(error.code(), error.what(), json);
  } catch (const std::exception& error) {
    return report(kFailure, error.what(), json);
  }
}
