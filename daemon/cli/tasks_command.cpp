// tasks.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"

namespace belfry::daemon::cli {

namespace {

using nlohmann::json;

struct Kind {
  std::vector<double> ages;  // seconds
  std::size_t leaked = 0;
};

std::string quantile(std::vector<double>& ages, double part) {
  const auto place = static_cast<std::size_t>(part * static_cast<double>(ages.size() - 1));
  std::ranges::nth_element(ages, ages.begin() + static_cast<std::ptrdiff_t>(place));
  return span(ages[place]);
}

Table by_kind(const json& tasks) {
  std::map<std::string, Kind> kinds;
  for (const json& task : tasks) {
    Kind& kind = kinds[text_of(task, "kind")];
    kind.ages.push_back(task.value("age_seconds", 0.0));
    if (task.value("leaked", false)) ++kind.leaked;
  }
  Table table({"KIND", "TASKS", "LEAKED", "MEDIAN AGE", "P99", "OLDEST"});
  for (auto& [name, kind] : kinds) {
    table.add({name, std::to_string(kind.ages.size()),
               Table::Cell{std::to_string(kind.leaked), kind.leaked > 0 ? Colour::red : Colour::none},
               quantile(kind.ages, 0.5), quantile(kind.ages, 0.99), quantile(kind.ages, 1)});
  }
  return table;
}

}  // namespace

int tasks(Session& session, bool tree) {
  const json document = session.client.get("/v1/tasks");
  if (session.json) {
    print_json(document);
    return kOk;
  }
  std::string text = tree ? harmless(text_of(document, "tree")) : by_kind(document.at("tasks")).text(session.style);
  for (const json& deadlock : document.at("deadlocks")) {
    text += "\n" + session.style.paint("These wait for each other and can never go on:", Colour::red) + "\n" +
            harmless(deadlock.get<std::string>());
  }
  print(text);
  return kOk;
}

}  // namespace belfry::daemon::cli
