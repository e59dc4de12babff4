#include "jobs/flow_graph.hpp"

namespace belfry::jobs {

namespace {

struct Stop {
  std::size_t step;
  std::size_t next = 0;  // which of its needs is looked at next
};

}  // namespace

/// Depth first, without recursion: a chain may be long.
std::vector<std::vector<bool>> all_needed(std::span<const std::vector<std::size_t>> needs) {
  std::vector<std::vector<bool>> all(needs.size(), std::vector<bool>(needs.size()));
  std::vector<bool> seen(needs.size());
  std::vector<Stop> path;
  for (std::size_t start = 0; start < needs.size(); ++start) {
    if (!seen[start]) path.push_back({.step = start});
    seen[start] = true;
    while (!path.empty()) {
      Stop& here = path.back();
      if (here.next < needs[here.step].size()) {
        const std::size_t next = needs[here.step][here.next++];
        if (!seen[next]) path.push_back({.step = next});
        seen[next] = true;
        continue;
      }
      for (const std::size_t needed : needs[here.step]) {
        all[here.step][needed] = true;
        for (std::size_t i = 0; i < needs.size(); ++i) {
          if (all[needed][i]) all[here.step][i] = true;
        }
      }
      path.pop_back();
    }
  }
  return all;
}

}  // namespace belfry::jobs
