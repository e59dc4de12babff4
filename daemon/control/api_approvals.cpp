// POST /v1/runs/ID/approve and /reject, /v1/jobs/NAME/approve and /reject: what a person says to a step that waits.

#include <algorithm>
#include <expected>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"

namespace belfry::daemon {

namespace {

using nlohmann::json;

struct Said {
  std::string step;
  engine::ApprovalAnswer answer;
};

std::string text_of(const json& body, const char* key, std::size_t most) {
  const json value = body.value(key, json(""));
  if (value.is_string() && value.get_ref<const std::string&>().size() <= most) return value;
  throw ApiError(400, "bad_request",
                 "\"" + std::string(key) + "\" must be a text of at most " + std::to_string(most) + " bytes");
}

Said said_in(const Request& request, bool approved) {
  constexpr std::size_t longest_step = 64;  // of a name in the configuration
  const json body = parse_object(request.body);
  for (const auto& [key, value] : body.items()) {
    if (key == "step" || key == "comment") continue;
    throw ApiError(400, "bad_request", "unknown key \"" + key + "\"; there are step and comment");
  }
  Said said{.step = text_of(body, "step", longest_step),
            .answer = {.approved = approved,
                       .by = request.peer.name,
                       .uid = request.peer.uid,
                       .comment = text_of(body, "comment", engine::longest_approval_comment)}};
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::ranges::any_of(said.answer.comment, is_control)) {
    throw ApiError(400, "bad_request", "\"comment\" must be one line, without control characters");
  }
  return said;
}

/// The run of the job that waits for an approval.
std::expected<ledger::RunId, engine::Refusal> run_of(engine::Engine& engine, const std::string& job) {
  std::vector<ledger::RunId> asking;
  for (const engine::ActiveRun& run : engine.runs_that_ask()) {
    if (run.job == job) asking.push_back(run.run);
  }
  if (asking.size() == 1) return asking.front();
  const auto refusal = [](engine::Refusal::Kind kind, std::string message) {
    return std::unexpected(engine::Refusal{.kind = kind, .message = std::move(message)});
  };
  using Kind = engine::Refusal::Kind;
  if (asking.empty()) {
    const auto status = engine.job(job);
    if (!status) return refusal(Kind::not_found, "there is no job \"" + job + "\"; `belfry list` shows all");
    return refusal(Kind::policy, "no run of \"" + job + "\" waits for an approval; `belfry status` shows what does");
  }
  std::string runs;
  for (const ledger::RunId run : asking) runs += (runs.empty() ? "" : ", ") + std::to_string(run);
  return refusal(Kind::policy, "several runs of \"" + job + "\" wait, so name one: " + runs);
}

void decide(const ApiContext& context, const Exchange& asked, ledger::RunId run, const Said& said) {
  const auto status = context.parts.engine.active_run(run);
  const auto done = context.parts.engine.decide(run, said.step, said.answer);
  if (!done) return asked.reply(context.refused(done.error()));
  asked.reply({.body = to_text({{"run", run},
                                {"job", status->job},
                                {"step", *done},
                                {"approved", said.answer.approved},
                                {"by", said.answer.by}})});
}

}  // namespace

void add_approval_routes(Router& router, ApiContext& context) {
  for (const auto& [verb, approved] : {std::pair("approve", true), std::pair("reject", false)}) {
    router.add("POST", "/v1/runs/{id}/" + std::string(verb),
               [&context, approved](const Request& request, const PathParts& path, const Exchange& exchange) {
                 const ledger::RunId run =
                     parse_number(path[0], "the id of a run", 1, std::numeric_limits<ledger::RunId>::max());
                 context.bridge.post(exchange, [&context, run, said = said_in(request, approved)](
                                                   const Exchange& asked) { decide(context, asked, run, said); });
               });
    router.add("POST", "/v1/jobs/{name}/" + std::string(verb),
               [&context, approved](const Request& request, const PathParts& path, const Exchange& exchange) {
                 const auto ask = [&context, job = path[0], said = said_in(request, approved)](const Exchange& asked) {
                   const auto run = run_of(context.parts.engine, job);
                   if (!run) return asked.reply(context.refused(run.error(), job));
                   decide(context, asked, *run, said);
                 };
                 context.bridge.post(exchange, ask);
               });
  }
}

}  // namespace belfry::daemon
