// in, at.

#include <filesystem>
#include <string>

#include "daemon/cli/commands.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

json environment_of(const std::vector<std::string>& assignments) {
  json environment = json::object();
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw CommandError(kUsage, "--env " + assignment + ": write it as NAME=VALUE");
    }
    environment[assignment.substr(0, equals)] = assignment.substr(equals + 1);
  }
  return environment;
}

int add_one_shot(Session& session, time::WallTime due, const OneShotOptions& options) {
  if (options.command.empty()) throw CommandError(kUsage, "name the program to run and its arguments, after --");
  const std::string dir = options.working_dir.empty() ? std::filesystem::current_path().string()
                                                      : std::filesystem::absolute(options.working_dir).string();
  json body{{"due", time::format_utc(due)},
            {"argv", options.command},
            {"working_dir", dir},
            {"environment", environment_of(options.environment)}};
  if (!options.name.empty()) body["name"] = options.name;
  const json answer = session.client.post("/v1/oneshots", body);
  if (session.json) {
    print_json(answer);
  } else {
    const std::string name = text_of(answer, "name");
    print(name + " will run at " + shown(session, due) + " (" + relative(due, session.now) + "). See `belfry logs " +
          name + "` then.\n");
  }
  return kOk;
}

}  // namespace

int in(Session& session, const OneShotOptions& options) {
  const auto delay = time::parse_duration(options.when);
  if (!delay) throw CommandError(kUsage, "\"" + options.when + "\": " + to_string(delay.error()));
  return add_one_shot(session, session.now + *delay, options);
}

int at(Session& session, const OneShotOptions& options) {
  const auto due = time::parse_time(options.when, session.zone, session.now);
  if (!due) throw CommandError(kUsage, "\"" + options.when + "\": " + to_string(due.error()));
  if (*due < session.now) {
    throw CommandError(kUsage, shown(session, *due) + " is past (" + relative(*due, session.now) +
                                   "); to run a command now, just run it");
  }
  return add_one_shot(session, *due, options);
}

}  // namespace belfry::daemon::cli
