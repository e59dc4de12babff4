#include "daemon/options.hpp"

#include <CLI/CLI.hpp>

namespace belfry::daemon {

std::expected<Options, int> parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{"belfryd starts the jobs of scheduler.yaml on time and keeps the ledger of what became of each.",
               "belfryd"};
  app.set_version_flag("--version", std::string("belfryd ") + BELFRY_VERSION);
  app.add_option("--config", options.config, "the configuration")->type_name("FILE")->capture_default_str();
  app.add_option("--state-dir", options.state_dir, "where the ledger lives (default: the key state_dir)")
      ->type_name("DIR");
  app.add_option("--socket", options.socket, "the control socket for `belfry` (default: the key socket)")
      ->type_name("PATH");
  app.add_option("--metrics", options.metrics, "where to serve /metrics, or off (default: the key metrics)")
      ->type_name("ADDR:PORT")
      ->check([](const std::string& text) {
        return text == "off" || parse_metrics_address(text) ? "" : "expected ADDR:PORT, like 127.0.0.1:9640, or off";
      });
  app.add_flag("--check", options.check, "read the configuration, say whether it is valid, and leave");
  app.footer(
      "SIGTERM and SIGINT: start nothing more, wait for running jobs up to shutdown_timeout, end the rest, leave.\n"
      "SIGHUP: read the configuration again; running jobs are not touched, a bad file changes nothing.\n"
      "SIGUSR2: become the belfryd that is installed now; running jobs, sockets and output stay (belfry upgrade).\n"
      "Exit: 0 ended in order, 1 failure, 2 wrong usage, 5 the configuration is not valid.\n"
      "See belfryd(8), scheduler.yaml(5), belfry(1).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error) == 0 ? 0 : 2);
  }
  return options;
}

Settings effective(Settings settings, const Options& options) {
  if (options.state_dir) settings.state_dir = std::filesystem::absolute(*options.state_dir);
  if (options.socket) settings.socket = std::filesystem::absolute(*options.socket);
  if (settings.socket.empty()) settings.socket = settings.state_dir / "belfry.sock";
  if (options.metrics == "off") {
    settings.metrics.reset();
  } else if (options.metrics) {
    settings.metrics = parse_metrics_address(*options.metrics);  // checked when it was parsed
  }
  return settings;
}

}  // namespace belfry::daemon
