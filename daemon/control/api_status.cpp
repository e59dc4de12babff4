// GET /v1/status, POST /v1/reload, GET /metrics.

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "daemon/compare/diff_view.hpp"
#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/control/json_views.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

/// How many breaches a status lists.
constexpr std::size_t kMostBreaches = 20;

/// What the loop tells.
struct LoopAnswer {
  engine::EngineStatus engine;
  std::vector<engine::SlaBreached> breaches;
  std::vector<engine::ActiveRun> asking;  // runs with steps that wait for an approval
};

/// How many approvals a status lists.
constexpr std::size_t kMostApprovals = 20;

json approvals_view(const std::vector<engine::ActiveRun>& asking) {
  std::size_t waiting = 0;
  json first = json::array();
  for (const engine::ActiveRun& run : asking) {
    waiting += run.approvals.size();
    for (const engine::ApprovalQuestion& question : run.approvals) {
      if (first.size() == kMostApprovals) break;
      json approval = view(question);
      approval["run"] = run.run;
      approval["job"] = run.job;
      first.push_back(std::move(approval));
    }
  }
  return {{"waiting", waiting}, {"approvals", std::move(first)}};
}

json sla_view(const std::vector<engine::SlaBreached>& breaches) {
  json first = json::array();
  for (const engine::SlaBreached& breach : breaches | std::views::take(kMostBreaches)) first.push_back(view(breach));
  return {{"breached", breaches.size()}, {"breaches", std::move(first)}};
}

/// `answer`: none when the loop did not answer in time; all else does not need it.
Reply status_reply(const ApiContext& context, const std::optional<LoopAnswer>& answer) {
  const ControlParts& parts = context.parts;
  json loop = view(parts.loop.stats());
  loop["responding"] = answer.has_value();
  const json document{{"version", parts.version},
                      {"pid", ::getpid()},
                      {"started_at", view(std::optional(parts.started_at))},
                      {"config", parts.config_path},
                      {"metrics", parts.metrics_address.empty() ? json(nullptr) : json(parts.metrics_address)},
                      {"engine", answer ? view(answer->engine) : json(nullptr)},
                      {"sla", answer ? sla_view(answer->breaches) : json(nullptr)},
                      {"approvals", answer ? approvals_view(answer->asking) : json(nullptr)},
                      {"loop", std::move(loop)},
                      {"ledger", view(parts.ledger.stats())}};
  return {.body = to_text(document)};
}

/// How many lines about the differences a client is sent.
constexpr std::size_t kMostLines = 500;

Reply reload_reply(const ReloadResult& result) {
  if (!result.applied) return error_reply(422, "invalid_config", result.errors);
  json document{{"generation", result.generation},
                {"added", result.added},
                {"changed", result.changed},
                {"removed", result.removed},
                {"needs_restart", result.needs_restart},
                {"differences", nullptr},
                {"lines", json::array()}};
  if (result.differences) {
    document["differences"] = view(*result.differences);
    document["lines"] = lines_of(*result.differences, kMostLines);
  }
  return {.body = to_text(document)};
}

}  // namespace

void add_status_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/status", [&context](const Request&, const PathParts&, const Exchange& exchange) {
    const auto ask = [&context](const Exchange& asked) {
      LoopAnswer answer{.engine = context.parts.engine.status(),
                        .breaches = context.parts.breaches(),
                        .asking = context.parts.engine.runs_that_ask()};
      asked.finish([&context, answer = std::move(answer)] { return status_reply(context, answer); });
    };
    context.bridge.post(exchange, ask, [&context] { return status_reply(context, std::nullopt); });
  });

  router.add("POST", "/v1/upgrade", [&context](const Request&, const PathParts&, const Exchange& exchange) {
    const auto upgrade = [&context](const Exchange& asked) {
      context.parts.upgrade([asked](const std::string& why_not) { asked.reply(error_reply(409, "refused", why_not)); });
    };
    context.bridge.post(exchange, upgrade);
  });

  router.add("POST", "/v1/reload", [&context](const Request&, const PathParts&, const Exchange& exchange) {
    const auto reload = [&context](const Exchange& asked) {
      context.parts.reload(
          [asked](const ReloadResult& result) { asked.finish([result] { return reload_reply(result); }); });
    };
    context.bridge.post(exchange, reload);
  });

  router.add("GET", "/metrics", [&context](const Request&, const PathParts&, const Exchange& exchange) {
    exchange.reply({.body = context.parts.metrics(), .content_type = "text/plain; version=0.0.4; charset=utf-8"});
  });
}

}  // namespace belfry::daemon
