// slow.

#include <algorithm>
#include <string>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// The phases that took any time, the worst one marked, and below them what held the loop.
std::string phases_of(const Session& session, const json& start) {
  std::string text;
  const json& phases = start.at("phases");
  if (phases.is_null()) return text;
  for (const auto& [phase, seconds] : phases.items()) {
    if (seconds.get<double>() < 0.001) continue;
    std::string line = "  " + phase;
    line.resize(16, ' ');
    const bool worst = text_of(start, "worst") == phase;
    text += session.style.paint(line + span(seconds.get<double>()), worst ? Colour::yellow : Colour::none) + "\n";
  }
  for (const json& step : start.at("held_by")) {
    text += "  held for      " + span(step.value("seconds", 0.0)) + " by " + printable(text_of(step, "task")) + " (" +
            printable(text_of(step, "kind")) + "), from " + printable(text_of(step, "place")) + "\n";
  }
  return text;
}

}  // namespace

int slow(Session& session, const SlowOptions& options) {
  std::string path = job_path(options.job, "/slow") + "?limit=" + std::to_string(options.count);
  if (options.run) path += "&run=" + std::to_string(*options.run);
  if (!options.over.empty()) path += "&over=" + escaped(options.over);
  const json document = session.client.get(path);
  if (session.json) {
    print_json(document);
    return kOk;
  }
  std::string text;
  for (const json& start : document.at("starts")) {
    text += session.style.paint(printable(text_of(start, "sentence")), Colour::bold) + "\n" + phases_of(session, start);
  }
  if (!options.run || document.at("starts").empty()) text += printable(text_of(document, "sentence")) + "\n";
  print(text);
  return kOk;
}

}  // namespace belfry::daemon::cli
