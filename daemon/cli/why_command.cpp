// why.

#include <algorithm>
#include <string>

#include "daemon/cli/commands.hpp"
#include "time/duration.hpp"
#include "time/instant.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

/// An instant, or a time that the clock of the zone jumped over: then `at` is the jump, and `skipped` that time.
struct Asked {
  time::WallTime at;
  std::string skipped;
};

/// What the clock of the zone shows, when it is set past it or not.
std::optional<Asked> skipped_time(const std::string& text, const time::Zone& zone) {
  const auto as_utc = time::parse_time(text, time::Zone());
  if (!as_utc) return std::nullopt;
  const auto local = std::chrono::floor<std::chrono::seconds>(as_utc->time_since_epoch());
  const time::LocalInstants instants = zone.resolve(time::LocalTime(local));
  if (instants.kind != time::LocalKind::skipped) return std::nullopt;
  return Asked{.at = instants.transition, .skipped = time::format_utc(*as_utc).substr(11, 5)};
}

bool is_time_of_day(const std::string& text) {
  return text.find(':') != std::string::npos && text.find_first_not_of("0123456789:.") == std::string::npos;
}

/// A time, the last one that the clock showed this ("02:30"), or how long ago ("2h").
Asked instant_of(const Session& session, const std::string& text, const time::Zone& zone) {
  if (const auto span = time::parse_duration(text)) return {.at = session.now - *span, .skipped = {}};
  if (const auto at = time::parse_time(text, zone)) return {.at = *at, .skipped = {}};
  if (auto skipped = skipped_time(text, zone)) return *std::move(skipped);
  const auto now = is_time_of_day(text) ? session.now - std::chrono::hours{24} : session.now;
  const auto at = time::parse_time(text, zone, now);
  if (!at) throw CommandError(kUsage, "--at: " + to_string(at.error()) + "; or how long ago, such as 2h");
  return {.at = *at, .skipped = {}};
}

/// The zone in which the schedule of the job is meant; of one that is not declared any more, this machine's.
time::Zone zone_of(Session& session, const std::string& job) {
  const json all = session.client.get("/v1/jobs");
  for (const json& each : all.at("jobs")) {
    if (text_of(each, "name") == job) return time::Zone::load(text_of(each, "timezone")).value_or(session.zone);
  }
  return session.zone;
}

}  // namespace

int why(Session& session, const WhyOptions& options) {
  std::string path = job_path(options.job, "/why");
  if (!options.at.empty()) {
    const Asked asked = instant_of(session, options.at, zone_of(session, options.job));
    path += "?at=" + escaped(time::format_utc(asked.at));
    if (!asked.skipped.empty()) path += "&skipped=" + escaped(asked.skipped);
  }
  const json document = session.client.get(path);
  if (session.json) {
    print_json(document);
    return kOk;
  }
  std::size_t width = 0;
  for (const json& link : document.at("chain")) width = std::max(width, text_of(link, "what").size());
  std::string text;
  for (const json& link : document.at("chain")) {
    std::string what = text_of(link, "what");
    what.resize(width + 2, ' ');
    const bool decides = link.value("decides", false);
    text +=
        session.style.paint(what + printable(text_of(link, "text")), decides ? Colour::yellow : Colour::none) + "\n";
  }
  print(text + session.style.paint(printable(text_of(document, "sentence")), Colour::bold) + "\n");
  return kOk;
}

}  // namespace belfry::daemon::cli
