// next, in, at.

#include <algorithm>
#include <filesystem>
#include <string>

#include "daemon/cli/commands.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"
#include "time/schedule.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

time::Zone zone_of(const Session& session, const std::string& name) {
  if (name.empty()) return session.zone;
  const auto zone = time::Zone::load(name);
  if (!zone) throw CommandError(kUsage, "--tz: " + to_string(zone.error()));
  return *zone;
}

/// Slots as lines: the time, and how far off it is.
std::string lines_of(const Session& session, const json& slots, const time::Zone& zone) {
  std::string out;
  for (const json& slot : slots) {
    const auto at = time::parse_time(slot.get<std::string>(), time::Zone());
    if (!at) continue;
    out += time::format_time(*at, zone) + "  " + session.style.paint(relative(*at, session.now), Colour::dim) + "\n";
  }
  return out;
}

/// Whether it can only be a schedule: names of jobs have neither blanks nor these marks.
bool is_expression(const std::string& subject) { return subject.find_first_of(" *@/,") != std::string::npos; }

int next_of_expression(const Session& session, const NextOptions& options) {
  const time::Zone zone = zone_of(session, options.timezone);
  const auto trigger = time::parse_schedule(options.subject, {.zone = zone});
  if (!trigger) {
    const auto& error = trigger.error();
    const std::string caret = std::string(error.offset, ' ') + std::string(std::max<std::size_t>(error.length, 1), '^');
    throw CommandError(kUsage, to_string(error) + "\n  " + options.subject + "\n  " + caret);
  }
  json slots = json::array();
  std::optional<time::WallTime> slot = session.now;
  while (static_cast<int>(slots.size()) < options.count && (slot = (*trigger)->next(*slot))) {
    slots.push_back(time::format_utc(*slot));
  }
  const std::string description = (*trigger)->describe();
  if (session.json) {
    print_json(
        {{"schedule", options.subject}, {"timezone", zone.name()}, {"description", description}, {"slots", slots}});
  } else {
    print(session.style.paint(description, Colour::bold) + "\n" + lines_of(session, slots, zone));
    if (slots.empty()) print("It never fires.\n");
  }
  return kOk;
}

int next_of_job(Session& session, const NextOptions& options) {
  const json document = session.client.get(job_path(options.subject, "/next?n=" + std::to_string(options.count)));
  if (session.json) {
    print_json(document);
    return kOk;
  }
  if (const std::string description = text_of(document, "description"); !description.empty()) {
    print(session.style.paint(description, Colour::bold) + "\n");
  }
  const json& slots = document.at("slots");
  if (slots.empty()) {
    print(document.value("enabled", true) ? "No slot is to come: it runs by hand, or never again.\n"
                                          : "It is disabled.\n");
  }
  print(lines_of(session, slots, zone_of(session, options.timezone)));
  return kOk;
}

/// The next slot of every job, the earliest first.
int next_of_all(Session& session) {
  const json document = session.client.get("/v1/jobs");
  std::vector<std::pair<time::WallTime, std::string>> slots;
  for (const json& job : document.at("jobs")) {
    if (const auto next = instant_of(job, "next")) slots.emplace_back(*next, text_of(job, "name"));
  }
  std::ranges::sort(slots);
  if (session.json) {
    json all = json::array();
    for (const auto& [at, job] : slots) all.push_back({{"job", job}, {"next", time::format_utc(at)}});
    print_json({{"slots", std::move(all)}});
    return kOk;
  }
  Table table({"NEXT", "", "JOB"});
  for (const auto& [at, job] : slots) {
    table.add({shown(session, at), Table::Cell{relative(at, session.now), Colour::dim}, job});
  }
  print(slots.empty() ? "No slot is to come.\n" : table.text(session.style));
  return kOk;
}

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

int next(Session& session, const NextOptions& options) {
  if (options.subject.empty()) return next_of_all(session);
  return is_expression(options.subject) ? next_of_expression(session, options) : next_of_job(session, options);
}

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
