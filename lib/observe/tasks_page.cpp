#include "observe/tasks_page.hpp"

#include "async/census.hpp"
#include "async/task_tree.hpp"

namespace belfry::observe {

DebugPage tasks_page(const async::Loop& loop) {
  return {.path = "/debug/tasks", .text = [&loop](bool json) {
            const std::vector<async::TaskInfo> tasks = async::all_tasks(loop);
            return json ? async::task_tree_json(tasks) : async::task_tree(tasks);
          }};
}

}  // namespace belfry::observe
