// See deadlock.hpp.

#include "async/deadlock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace belfry::async {
namespace {

/// Whoever can go on, or may be helped by the world outside, is free; whoever waits only for tasks that are not, is
/// stuck. Found by freeing: first those that wait for no task, then those that are waiting for them.
class WaitGraph {
 public:
  explicit WaitGraph(const std::vector<TaskInfo>& tasks) : tasks_(tasks), free_(tasks.size()), missing_(tasks.size()) {
    for (std::size_t i = 0; i < tasks.size(); ++i) index_.emplace(tasks[i].id, i);
    waiters_.resize(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) add_waits(i);
    while (!fresh_.empty()) {
      const std::size_t freed = fresh_.back();
      fresh_.pop_back();
      for (const std::size_t waiter : waiters_[freed]) help(waiter);
    }
  }

  bool stuck(std::size_t task) const { return !free_[task]; }

  /// A stuck task for which this stuck task waits.
  std::size_t next(std::size_t task) const {
    const std::vector<std::uint64_t>& ids = tasks_[task].wait.tasks();
    const auto id = std::ranges::find_if(ids, [&](std::uint64_t holder) {
      const auto found = index_.find(holder);
      return found != index_.end() && stuck(found->second);
    });
    return index_.at(*id);
  }

 private:
  void add_waits(std::size_t task) {
    const WaitReport& wait = tasks_[task].wait;
    std::size_t known = 0;
    for (const std::uint64_t holder : wait.tasks()) {
      const auto found = index_.find(holder);
      if (found == index_.end()) continue;
      waiters_[found->second].push_back(task);
      ++known;
    }
    const bool all_needed = wait.ends() == WaitEnds::with_all_tasks;
    missing_[task] = all_needed ? known : std::min<std::size_t>(known, 1);
    if (missing_[task] == 0 || (!all_needed && known < wait.tasks().size())) set_free(task);
  }
  void help(std::size_t task) {
    if (!free_[task] && --missing_[task] == 0) set_free(task);
  }
  void set_free(std::size_t task) {
    free_[task] = true;
    fresh_.push_back(task);
  }

  const std::vector<TaskInfo>& tasks_;
  std::unordered_map<std::uint64_t, std::size_t> index_;
  std::vector<std::vector<std::size_t>> waiters_;  // who waits for the task of that index
  std::vector<bool> free_;
  std::vector<std::size_t> missing_;  // how many more must become free to free it
  std::vector<std::size_t> fresh_;
};

}  // namespace

std::vector<Deadlock> find_deadlocks(const std::vector<TaskInfo>& tasks) {
  const WaitGraph graph(tasks);
  std::vector<Deadlock> found;
  std::vector<std::size_t> walk(tasks.size(), 0);  // the number of the walk that came by; 0: none
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!graph.stuck(i)) continue;
    std::size_t at = i;
    for (; walk[at] == 0; at = graph.next(at)) walk[at] = i + 1;
    if (walk[at] != i + 1) continue;  // it leads to what an earlier walk has found
    Deadlock deadlock;
    const std::size_t first = at;
    do {
      deadlock.circle.push_back(tasks[at]);
      at = graph.next(at);
    } while (at != first);
    found.push_back(std::move(deadlock));
  }
  return found;
}

std::string to_string(const Deadlock& deadlock) {
  std::string text;
  const std::size_t size = deadlock.circle.size();
  for (std::size_t i = 0; i < size; ++i) {
    const TaskInfo& task = deadlock.circle[i];
    const TaskInfo& holder = deadlock.circle[(i + 1) % size];
    text += "task " + std::to_string(task.id) + " \"" + task.name + "\" waits for " + task.waits_for;
    if (!task.wait.note().empty()) text += " (" + task.wait.note() + ")";
    text += ", which needs task " + std::to_string(holder.id) + " \"" + holder.name + "\"\n  at";
    const char* separator = " ";
    for (const Place& place : task.places) {
      text += separator + to_string(place);
      separator = " < ";
    }
    text += "\n";
  }
  return text;
}

}  // namespace belfry::async
