// /v1/catchup: missed slots that wait for the catch-up budget, and what a person decides about them.

#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/control/json_views.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

constexpr std::int64_t kMostOwedSlots = 10'000;

/// What is asked of the loop for a plan.
struct Plan {
  std::vector<engine::MissedSlot> slots;  ///< the first of them, in the order in which they will run
  std::size_t waiting = 0;                ///< all
  int starts_per_minute = 1;
  engine::WallTime now;
};

Plan plan_of(const ApiContext& context, std::size_t limit) {
  const engine::Engine& engine = context.parts.engine;
  const auto catalog = engine.catalog();
  return {.slots = engine.catchup_plan(limit),
          .waiting = engine.catchup_size(),
          .starts_per_minute = catalog ? catalog->catchup.starts_per_minute : engine::CatchupPolicy{}.starts_per_minute,
          .now = context.parts.loop.wall_now()};
}

Reply plan_reply(const Plan& plan) {
  const engine::Duration pace = engine::Duration(std::chrono::minutes{1}) / plan.starts_per_minute;
  engine::WallTime expected = std::chrono::floor<std::chrono::seconds>(plan.now);
  json slots = json::array();
  for (const engine::MissedSlot& each : plan.slots) {
    slots.push_back({{"job", each.job},
                     {"slot", view(std::optional(each.slot))},
                     {"priority", each.priority},
                     {"expected_at", view(std::optional(std::chrono::floor<std::chrono::seconds>(expected)))}});
    expected += pace;
  }
  return {.body = to_text(
              {{"waiting", plan.waiting}, {"starts_per_minute", plan.starts_per_minute}, {"slots", std::move(slots)}})};
}

using Decision = std::expected<int, engine::Refusal> (engine::Engine::*)(std::string_view);

/// Runs or skips the missed slots of a job, and answers with how many there were.
void decide(ApiContext& context, const std::string& job, Decision decision, const Exchange& exchange) {
  context.bridge.post(exchange, [&context, job, decision](const Exchange& asked) {
    const auto slots = (context.parts.engine.*decision)(job);
    if (!slots) return asked.reply(context.refused(slots.error(), job));
    asked.reply({.body = to_text({{"job", job}, {"slots", *slots}})});
  });
}

}  // namespace

void add_catchup_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/catchup", [&context](const Request& request, const PathParts&, const Exchange& exchange) {
    const auto asked_for = request.query.find("limit");
    const std::int64_t limit =
        asked_for == request.query.end() ? 100 : parse_number(asked_for->second, "limit", 1, kMostOwedSlots);
    const auto ask = [&context, limit] { return plan_of(context, static_cast<std::size_t>(limit)); };
    context.bridge.call(exchange, ask, [](const Plan& plan) { return plan_reply(plan); });
  });
  router.add("POST", "/v1/jobs/{name}/catchup/run",
             [&context](const Request&, const PathParts& path, const Exchange& exchange) {
               decide(context, path[0], &engine::Engine::catchup_run, exchange);
             });
  router.add("POST", "/v1/jobs/{name}/catchup/skip",
             [&context](const Request&, const PathParts& path, const Exchange& exchange) {
               decide(context, path[0], &engine::Engine::catchup_skip, exchange);
             });
}

}  // namespace belfry::daemon
