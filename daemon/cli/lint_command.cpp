// lint.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"
#include "daemon/config/cgroup_lint.hpp"
#include "daemon/config/lint.hpp"
#include "daemon/config/load_config.hpp"
#include "daemon/config/user_lint.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

json view(const std::vector<ConfigError>& errors) {
  json list = json::array();
  for (const ConfigError& error : errors) {
    list.push_back({{"file", error.file},
                    {"line", error.place.line},
                    {"column", error.place.column},
                    {"key", error.key},
                    {"message", error.message},
                    {"expected", error.expected},
                    {"hint", error.hint}});
  }
  return list;
}

}  // namespace

int lint(Session& session, const std::string& file) {
  const LoadResult config = load_config(file, {.started = session.now});
  auto warnings = config ? daemon::lint(*config, file, session.now) : std::vector<ConfigError>{};
  if (config) {
    auto about_users = lint_users(*config, file);
    std::ranges::move(about_users, std::back_inserter(warnings));
    auto about_cgroups = lint_cgroups(*config, file);
    std::ranges::move(about_cgroups, std::back_inserter(warnings));
  }
  if (session.json) {
    print_json({{"file", file},
                {"valid", config.has_value()},
                {"errors", config ? json::array() : view(config.error())},
                {"warnings", view(warnings)}});
  } else if (!config) {
    std::fputs(format_errors(config.error(), ::isatty(2) != 0).c_str(), stderr);
  } else if (warnings.empty()) {
    print(file + ": nothing to warn of.\n");
  } else {
    std::string text;
    for (const ConfigError& warning : warnings) text += format_error(warning, ::isatty(1) != 0);
    print(text + std::to_string(warnings.size()) + (warnings.size() == 1 ? " warning\n" : " warnings\n"));
  }
  if (!config) return kBadConfig;
  return warnings.empty() ? kOk : kFailure;
}

}  // namespace belfry::daemon::cli
