// See task_order.hpp.

#include "async/task_order.hpp"

#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

namespace belfry::async::detail {
namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

struct Links {
  std::size_t first_child = none;
  std::size_t next = none;  // of the same parent
};

}  // namespace

std::vector<TreeEntry> tree_order(const std::vector<TaskInfo>& tasks) {
  std::unordered_map<std::uint64_t, std::size_t> index;
  for (std::size_t i = 0; i < tasks.size(); ++i) index.emplace(tasks[i].id, i);
  std::vector<Links> links(tasks.size());
  std::size_t first_root = none;                  // NOLINT(misc-const-correctness): `head` writes it
  for (std::size_t i = tasks.size(); i-- > 0;) {  // backwards, so that older ones come first
    const auto parent = tasks[i].parent == tasks[i].id ? index.end() : index.find(tasks[i].parent);
    std::size_t& head = parent == index.end() ? first_root : links[parent->second].first_child;
    links[i].next = std::exchange(head, i);
  }
  std::vector<TreeEntry> order;
  order.reserve(tasks.size());
  std::vector<TreeEntry> open;  // siblings to go on with, innermost last; no
                                // recursion: a tree may be a long chain
  for (std::size_t i = first_root, depth = 0; i != none || !open.empty();) {
    if (i == none) {
      i = links[static_cast<std::size_t>(open.back().task - tasks.data())].next;
      depth = open.back().depth;
      open.pop_back();
      continue;
    }
    order.push_back({&tasks[i], depth});
    open.push_back(order.back());
    i = links[i].first_child;
    ++depth;
  }
  return order;
}

}  // namespace belfry::async::detail
