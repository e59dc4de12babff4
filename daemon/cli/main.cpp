// belfry: arguments -> one command over the control socket -> exit code.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "daemon/cli/arguments.hpp"

namespace {

using namespace belfry::daemon::cli;

int fail(ExitCode code, const char* message, bool json) {
  if (json) print_json({{"error", {{"code", static_cast<int>(code)}, {"message", message}}}});
  std::fprintf(stderr, "belfry: %s\n", message);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `belfry history | head` ends quietly
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) return arguments.error();
  try {
    Session session{.client = Client(find_socket(arguments->socket)),
                    .json = arguments->json,
                    .style = Style::of(1),
                    .zone = belfry::time::Zone::local().zone,
                    .now = std::chrono::system_clock::now()};
    return arguments->command(session);
  } catch (const CommandError& error) {
    return fail(error.code(), error.what(), arguments->json);
  } catch (const std::exception& error) {
    return fail(kFailure, error.what(), arguments->json);
  }
}
