#include "daemon/slow/slow_view.hpp"

#include <nlohmann/json.hpp>

#include "time/instant.hpp"

namespace belfry::daemon {
namespace {

using nlohmann::json;

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

json view(const LateStart& start) {
  json held = json::array();
  for (const observe::SlowStep& step : start.held) {
    held.push_back({{"task", step.task},
                    {"kind", step.kind},
                    {"place", step.place},
                    {"began_at", time::format_utc(step.began)},
                    {"seconds", seconds(step.ended - step.began)}});
  }
  json document{{"run", start.run.run},
                {"trigger", to_string(start.run.trigger)},
                {"scheduled_at", time::format_utc(*start.run.scheduled_at)},
                {"started_at", time::format_utc(start.run.started_at)},
                {"late_seconds", seconds(start.late)},
                {"phases", nullptr},
                {"worst", nullptr},
                {"held_by", std::move(held)},
                {"sentence", start.sentence}};
  if (start.phases.empty()) return document;
  document["worst"] = to_string(start.worst);
  for (const StartPhaseTime& phase : start.phases) {
    document["phases"][std::string(to_string(phase.phase))] = seconds(phase.took);
  }
  return document;
}

}  // namespace

json view(const Slow& slow) {
  json starts = json::array();
  for (const LateStart& start : slow.starts) starts.push_back(view(start));
  return {{"job", slow.job}, {"looked_at", slow.looked_at}, {"starts", std::move(starts)}, {"sentence", slow.sentence}};
}

}  // namespace belfry::daemon
