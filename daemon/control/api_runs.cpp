// /v1/runs: the history, one run with its attempts, its output, and its end by hand.

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/control/json_views.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

ledger::RunId run_id(const std::string& text) {
  return parse_number(text, "the id of a run", 1, std::numeric_limits<ledger::RunId>::max());
}

std::vector<ledger::Outcome> outcomes_from(std::string_view list) {
  std::vector<ledger::Outcome> outcomes;
  while (!list.empty()) {
    const std::string_view name = list.substr(0, list.find(','));
    const auto outcome = ledger::outcome_from(name);
    if (!outcome) {
      throw ApiError(
          400, "bad_request",
          "\"" + std::string(name) +
              "\" is no outcome; there are success, failure, timeout, killed, cancelled, start_error and lost");
    }
    outcomes.push_back(*outcome);
    list.remove_prefix(std::min(name.size() + 1, list.size()));
  }
  return outcomes;
}

ledger::RunQuery query_from(const Request& request) {
  ledger::RunQuery query;
  for (const auto& [key, value] : request.query) {
    if (key == "job") {
      query.job = value;
    } else if (key == "outcome") {
      query.outcomes = outcomes_from(value);
    } else if (key == "limit") {
      query.limit = static_cast<std::size_t>(parse_number(value, "limit", 1, 10'000));
    } else if (key == "since") {
      const auto since = time::parse_time(value, time::Zone());
      if (!since) throw ApiError(400, "bad_request", "since: " + to_string(since.error()));
      query.since = *since;
    } else {
      throw ApiError(400, "bad_request", "unknown argument \"" + key + "\"; there are job, outcome, since and limit");
    }
  }
  return query;
}

ledger::RunRow row_of(ledger::LedgerReader& reader, ledger::RunId run) {
  auto row = reader.run(run);
  if (!row) {
    throw ApiError(404, "not_found",
                   "there is no run " + std::to_string(run) + " on record; `belfry history` shows the latest");
  }
  return *std::move(row);
}

Reply history(ledger::LedgerReader& reader, const ledger::RunQuery& query) {
  json runs = json::array();
  for (const ledger::RunRow& row : reader.runs(query)) runs.push_back(view(row));
  return {.body = to_text({{"runs", std::move(runs)}})};
}

/// Of a flow; of an attempt that is under way those that have ended. Empty: its action has no steps.
json step_list(ledger::LedgerReader& reader, ledger::RunId run) {
  json steps = json::array();
  for (const ledger::StepEnded& step : reader.steps(run)) {
    json row = view(step);
    row["attempt"] = step.attempt;
    steps.push_back(std::move(row));
  }
  return steps;
}

Reply show(ledger::LedgerReader& reader, ledger::RunId run) {
  json document = view(row_of(reader, run));
  json attempts = json::array();
  for (const ledger::AttemptEnded& attempt : reader.attempts(run)) attempts.push_back(view(attempt));
  document["attempt_list"] = std::move(attempts);
  document["steps"] = step_list(reader, run);
  return {.body = to_text(document)};
}

Reply output(ledger::LedgerReader& reader, ledger::RunId run) {
  json document = view(row_of(reader, run));
  json attempts = json::array();
  for (const ledger::AttemptEnded& attempt : reader.attempts(run)) attempts.push_back(output_view(attempt));
  document["output"] = std::move(attempts);
  document["steps"] = step_list(reader, run);
  return {.body = to_text(document)};
}

/// How long the last runs of a job took: what `belfry simulate` draws from.
Reply durations(ledger::LedgerReader& reader, const ledger::RunQuery& query) {
  json runs = json::array();
  for (const ledger::RunSpan& run : reader.durations(query.job, query.limit)) {
    runs.push_back({{"run", run.run},
                    {"started_at", view(std::optional(run.started_at))},
                    {"duration_seconds", std::chrono::duration<double>(run.ended_at - run.started_at).count()},
                    {"outcome", to_string(run.outcome)}});
  }
  return {.body = to_text({{"runs", std::move(runs)}})};
}

}  // namespace

void add_run_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/runs", [&context](const Request& request, const PathParts&, const Exchange& exchange) {
    context.read_history(exchange, [query = query_from(request)](auto& reader) { return history(reader, query); });
  });
  router.add("GET", "/v1/runs/durations",
             [&context](const Request& request, const PathParts&, const Exchange& exchange) {
               const ledger::RunQuery query = query_from(request);
               if (query.job.empty()) throw ApiError(400, "bad_request", "name the job: ?job=NAME");
               context.read_history(exchange, [query](auto& reader) { return durations(reader, query); });
             });
  router.add("GET", "/v1/runs/{id}", [&context](const Request&, const PathParts& path, const Exchange& exchange) {
    context.read_history(exchange, [run = run_id(path[0])](auto& reader) { return show(reader, run); });
  });
  router.add("GET", "/v1/runs/{id}/output",
             [&context](const Request&, const PathParts& path, const Exchange& exchange) {
               context.read_history(exchange, [run = run_id(path[0])](auto& reader) { return output(reader, run); });
             });
  router.add("POST", "/v1/runs/{id}/cancel",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               const auto cancel = [&context, run = run_id(path[0]), by = request.peer.name](const Exchange& asked) {
                 const auto done = context.parts.engine.cancel_run(run, by);
                 asked.reply(done ? Reply{.body = to_text({{"run", run}})} : context.refused(done.error()));
               };
               context.bridge.post(exchange, cancel);
             });
}

}  // namespace belfry::daemon
