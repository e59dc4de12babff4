// GET /v1/tasks: what the loop's tasks are doing. Answered on the API's thread, also while the loop is stuck.

#include <nlohmann/json.hpp>
#include <string>

#include "async/census.hpp"
#include "async/deadlock.hpp"
#include "async/task_tree.hpp"
#include "daemon/control/api_context.hpp"
#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

Reply tasks_reply(const async::Loop& loop) {
  const std::vector<async::TaskInfo> tasks = async::all_tasks(loop);
  json deadlocks = json::array();
  for (const async::Deadlock& deadlock : async::find_deadlocks(tasks)) deadlocks.push_back(to_string(deadlock));
  return {.body = to_text({{"tasks", json::parse(async::task_tree_json(tasks))},
                           {"tree", async::task_tree(tasks)},
                           {"deadlocks", std::move(deadlocks)}})};
}

}  // namespace

void add_task_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/tasks", [&context](const Request&, const PathParts&, const Exchange& exchange) {
    exchange.finish([&context] { return tasks_reply(context.parts.loop); });
  });
}

}  // namespace belfry::daemon
