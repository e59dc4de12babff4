// The text; see task_tree.hpp.

#include "async/task_tree.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unordered_map>

#include "async/task_order.hpp"

namespace belfry::async {
namespace {

using Names = std::unordered_map<std::uint64_t, std::string_view>;

constexpr std::size_t most_holders = 5;  // named in a line; a group may wait for a hundred thousand
constexpr std::size_t deepest = 30;      // indented

std::string holders(const TaskInfo& task, const Names& names) {
  const std::vector<std::uint64_t>& ids = task.wait.tasks();
  std::string words;
  const char* separator = task.wait.ends() == WaitEnds::with_any_task ? ", held by " : ", until the end of ";
  for (std::size_t i = 0; i < std::min(ids.size(), most_holders); ++i) {
    words += separator + std::to_string(ids[i]);
    if (const auto name = names.find(ids[i]); name != names.end()) words.append(" ").append(name->second);
    separator = ", ";
  }
  if (ids.size() > most_holders) words += " and " + std::to_string(ids.size() - most_holders) + " more";
  return words;
}

std::string seconds(Duration span) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1fs", std::chrono::duration<double>(span).count());
  return text.data();
}

std::string line(const TaskInfo& task, const Names& names) {
  std::string words = std::to_string(task.id) + " " + task.name + " [" + task.kind + "] ";
  words += to_string(task.state);
  if (!task.waits_for.empty()) words += " for " + task.waits_for;
  if (!task.wait.note().empty()) words += " (" + task.wait.note() + ")";
  words += " " + seconds(task.age);
  const char* separator = " ";
  for (const Place& place : task.places) {
    words += separator + to_string(place);
    separator = " < ";
  }
  words += holders(task, names);
  if (task.cancelled) words.append(", cancelled: ").append(to_string(*task.cancelled));
  if (task.leaked) words += " LEAKED";
  return words;
}

}  // namespace

std::string task_tree(const std::vector<TaskInfo>& tasks) {
  Names names;
  for (const TaskInfo& task : tasks) names.emplace(task.id, task.name);
  std::string text;
  for (const detail::TreeEntry& entry : detail::tree_order(tasks)) {
    text.append(2 * std::min(entry.depth, deepest), ' ').append(line(*entry.task, names)).append("\n");
  }
  return text;
}

}  // namespace belfry::async
