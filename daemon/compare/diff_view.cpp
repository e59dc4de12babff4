#include "daemon/compare/diff_view.hpp"

#include <nlohmann/json.hpp>

#include "time/instant.hpp"
#include "time/zone.hpp"

namespace belfry::daemon {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string shown(time::WallTime at, const time::Zone& zone) {
  return time::format_time(std::chrono::floor<std::chrono::seconds>(at), zone);
}

void add_fires(std::vector<std::string>& lines, const char* sign, std::uint64_t count,
               const std::vector<time::WallTime>& first, const time::Zone& zone) {
  for (const time::WallTime fire : first) lines.push_back(std::string("    ") + sign + " " + shown(fire, zone));
  if (count > first.size()) {
    lines.push_back(std::string("    ") + sign + " and " + std::to_string(count - first.size()) + " more");
  }
}

void add_lines(std::vector<std::string>& lines, const engine::FireChange& change, time::WallTime until) {
  const time::Zone zone = time::Zone::load(change.timezone).value_or(time::Zone());
  std::string line = "~ " + change.job + " (" + zone.name() + "): ";
  if (change.vanishing == 0 && change.appearing == 0) {
    line += "due too often to compare";
  } else {
    line += std::to_string(change.vanishing) + " vanish, " + std::to_string(change.appearing) + " appear";
  }
  if (change.compared_until < until) line += ", compared only until " + shown(change.compared_until, zone);
  lines.push_back(std::move(line));
  add_fires(lines, "-", change.vanishing, change.first_vanishing, zone);
  add_fires(lines, "+", change.appearing, change.first_appearing, zone);
}

json view(const std::vector<time::WallTime>& instants) {
  json list = json::array();
  for (const time::WallTime at : instants) list.push_back(time::format_utc(at));
  return list;
}

}  // namespace

std::vector<std::string> lines_of(const ConfigDiff& diff, std::size_t most_lines) {
  std::vector<std::string> lines;
  lines.reserve(diff.added.size() + diff.removed.size() + diff.changed.size());
  for (const std::string& job : diff.added) lines.push_back("+ " + job);
  for (const std::string& job : diff.removed) lines.push_back("- " + job);
  for (const JobChange& change : diff.changed) {
    lines.push_back("~ " + change.job + ": " +
                    (change.keys.empty() ? "by what it takes over from elsewhere" : joined(change.keys)));
  }
  if (!diff.settings.empty()) lines.push_back("~ at the top level: " + joined(diff.settings));
  if (!diff.fires.empty()) {
    lines.push_back("Fires until " + time::format_utc(std::chrono::floor<std::chrono::seconds>(diff.until)) + ":");
  }
  for (const engine::FireChange& change : diff.fires) add_lines(lines, change, diff.until);
  if (lines.size() > most_lines) {
    const std::size_t left_out = lines.size() - most_lines;
    lines.resize(most_lines);
    lines.push_back("and " + std::to_string(left_out) + " more lines; `belfry diff` shows all");
  }
  return lines;
}

json view(const ConfigDiff& diff) {
  json changed = json::array();
  for (const JobChange& change : diff.changed) changed.push_back({{"job", change.job}, {"keys", change.keys}});
  json fires = json::array();
  for (const engine::FireChange& change : diff.fires) {
    fires.push_back({{"job", change.job},
                     {"timezone", change.timezone},
                     {"vanishing", change.vanishing},
                     {"appearing", change.appearing},
                     {"first_vanishing", view(change.first_vanishing)},
                     {"first_appearing", view(change.first_appearing)},
                     {"compared_until", time::format_utc(change.compared_until)}});
  }
  return {{"added", diff.added},
          {"removed", diff.removed},
          {"changed", std::move(changed)},
          {"settings", diff.settings},
          {"from", time::format_utc(diff.from)},
          {"until", time::format_utc(diff.until)},
          {"fires", std::move(fires)}};
}

}  // namespace belfry::daemon
