#include "engine/dependency_graph.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace belfry::engine {
namespace {

/// A walk in depth without recursion: a chain of a million jobs is no reason to overflow the stack.
class CycleSearch {
 public:
  explicit CycleSearch(const DependencyGraph& graph) : graph_(graph) {}

  std::vector<DependencyCycle> run() {
    for (auto job = graph_.begin(); job != graph_.end(); ++job) {
      if (marks_[&job->first] == Mark::unseen) walk(job);
    }
    std::ranges::sort(cycles_);
    return std::move(cycles_);
  }

 private:
  using Job = DependencyGraph::const_iterator;
  enum class Mark : std::uint8_t { unseen, on_path, done, reported };
  struct Step {
    Job job;
    std::size_t next = 0;  // of its dependencies
  };

  void walk(Job start) {
    enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next == step.job->second.size()) {
        Mark& mark = marks_[&step.job->first];
        if (mark == Mark::on_path) mark = Mark::done;
        path_.pop_back();
        continue;
      }
      const auto needed = graph_.find(step.job->second[step.next++]);
      if (needed == graph_.end()) continue;
      const Mark mark = marks_[&needed->first];
      if (mark == Mark::unseen) enter(needed);
      if (mark == Mark::on_path) report(needed);
    }
  }

  void enter(Job job) {
    marks_[&job->first] = Mark::on_path;
    path_.push_back({.job = job});
  }

  void report(Job first) {
    const auto begin = std::ranges::find(path_, first, &Step::job);
    const auto shared = [this](const Step& step) { return marks_[&step.job->first] == Mark::reported; };
    if (std::any_of(begin, path_.end(), shared)) return;
    DependencyCycle cycle;
    for (auto step = begin; step != path_.end(); ++step) {
      marks_[&step->job->first] = Mark::reported;
      cycle.push_back(step->job->first);
    }
    std::ranges::rotate(cycle, std::ranges::min_element(cycle));
    cycles_.push_back(std::move(cycle));
  }

  const DependencyGraph& graph_;
  std::unordered_map<const std::string*, Mark> marks_;
  std::vector<Step> path_;
  std::vector<DependencyCycle> cycles_;
};

}  // namespace

std::vector<DependencyCycle> dependency_cycles(const DependencyGraph& graph) { return CycleSearch(graph).run(); }

std::string to_string(const DependencyCycle& cycle) {
  constexpr std::size_t shown = 10;
  std::string text;
  for (std::size_t i = 0; i < cycle.size() && i < shown; ++i) text += cycle[i] + " -> ";
  if (cycle.size() > shown) text += "(" + std::to_string(cycle.size() - shown) + " more) -> ";
  return cycle.empty() ? text : text + cycle.front();
}

}  // namespace belfry::engine
