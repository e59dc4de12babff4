// The command line of belfryd.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/config/settings.hpp"

namespace belfry::daemon {

/// What the command line sets; every option but `config` is also a key of the file, and the command line wins.
struct Options {
  std::filesystem::path config = "/etc/belfry/scheduler.yaml";
  std::optional<std::filesystem::path> state_dir;  ///< key state_dir
  std::optional<std::filesystem::path> socket;     ///< key socket
  std::optional<std::string> metrics;              ///< key metrics; ADDR:PORT, or "off"
  bool check = false;                              ///< only read the configuration, and say whether it is valid
};

/// The options, or the exit code with which to leave at once: 0 after --help and --version, 2 after wrong usage. What
/// the user should read was printed already.
std::expected<Options, int> parse_options(int argc, char** argv);

/// The settings of the file as belfryd takes them: the command line wins, the socket has its default, paths are
/// absolute.
Settings effective(Settings settings, const Options& options);

}  // namespace belfry::daemon
