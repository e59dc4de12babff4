#include "daemon/config/dependencies_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/config/job_spec.hpp"
#include "engine/dependency_graph.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {
namespace {

using engine::DependencyEnd;

constexpr std::array<std::pair<std::string_view, DependencyEnd>, 3> end_words{
    {{"success", DependencyEnd::success}, {"failure", DependencyEnd::failure}, {"done", DependencyEnd::done}}};
constexpr std::string_view dependencies_expected =
    "the name of a job, a list of them, or a map such as {extract: success}";

class DependenciesReader {
 public:
  void add(const Value& value, const std::string& name, Place place, DependencyEnd on) {
    if (!names_.insert(name).second) {
      value.errors().add(place, value.path(), {in_quotes(name) + ": this job is in the list already", "each job once"});
      return;
    }
    found.push_back({.dependency = {.job = name, .on = on}, .place = place, .path = value.path()});
  }

  void read_name(const Value& value, std::string_view wanted) {
    if (const auto name = value.text(wanted)) add(value, *name, value.place(), DependencyEnd::success);
  }

  void read_map(const Value& value) {
    if (value.node().entries.empty()) value.complain({"this map is empty", std::string(dependencies_expected)});
    for (const auto& entry : value.node().entries) {
      const auto condition = value.child(entry);
      if (condition.node().kind == yaml::Node::Kind::null) {
        value.errors().add(entry.place, condition.path(), {"no value is given", "success, failure or done"});
        continue;
      }
      const auto on = condition.choice<DependencyEnd>(end_words);
      if (on) add(condition, entry.key, entry.place, *on);
    }
  }

  std::vector<DependencySpec> found;

 private:
  std::set<std::string> names_;
};

void check_names(const std::vector<JobSpec>& jobs, const JobNames& names, ErrorList& errors) {
  int hints_left = 20;  // each compares a name with all others: a hostile file has many of both
  const std::vector<std::string> known(names.begin(), names.end());
  for (const JobSpec& job : jobs) {
    for (const DependencySpec& spec : job.depends_on) {
      const std::string& name = spec.dependency.job;
      if (names.contains(name)) continue;
      errors.add(spec.place, spec.path,
                 {in_quotes(name) + ": there is no such job", "the name of a job of this file",
                  hints_left-- > 0 ? time::did_you_mean(name, known) : ""});
    }
  }
}

void check_circles(const std::vector<JobSpec>& jobs, ErrorList& errors) {
  engine::DependencyGraph graph;
  std::map<std::string_view, const JobSpec*> by_name;
  for (const JobSpec& job : jobs) {
    if (job.depends_on.empty()) continue;
    by_name.emplace(job.name, &job);
    for (const DependencySpec& spec : job.depends_on) graph[job.name].push_back(spec.dependency.job);
  }
  for (const engine::DependencyCycle& cycle : engine::dependency_cycles(graph)) {
    const std::string& next = cycle.size() > 1 ? cycle[1] : cycle[0];
    const auto& list = by_name.at(cycle[0])->depends_on;
    const auto spec =
        std::ranges::find(list, next, [](const DependencySpec& each) -> const auto& { return each.dependency.job; });
    if (spec == list.end()) continue;  // two jobs have this name, which is told already
    const bool alone = cycle.size() == 1;
    errors.add(spec->place, spec->path,
               {alone ? in_quotes(next) + ": a job cannot depend on itself"
                      : "jobs that depend on each other in a circle: " + engine::to_string(cycle),
                "",
                alone ? "only_if_last_succeeded: true asks how its own last run ended"
                      : "one of them must not wait for the next"});
  }
}

}  // namespace

std::vector<DependencySpec> read_dependencies(const Value& value) {
  DependenciesReader reader;
  if (value.node().kind == yaml::Node::Kind::map) {
    reader.read_map(value);
  } else if (value.node().kind == yaml::Node::Kind::sequence) {
    for (const Value& item : value.list(dependencies_expected).value_or(std::vector<Value>{})) {
      reader.read_name(item, "the name of a job");
    }
  } else {
    reader.read_name(value, dependencies_expected);
  }
  return std::move(reader.found);
}

void check_dependencies(const std::vector<JobSpec>& jobs, const JobNames& names, ErrorList& errors) {
  check_names(jobs, names, errors);
  check_circles(jobs, errors);
}

}  // namespace belfry::daemon
