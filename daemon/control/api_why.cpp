// GET /v1/jobs/NAME/why: what became of a slot, and why.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/why/why.hpp"
#include "daemon/why/why_view.hpp"
#include "time/instant.hpp"

namespace belfry::daemon {

namespace {

constexpr std::size_t kLongestText = 100;

/// Runs of all jobs that wait; beyond, it is only known that there are some.
constexpr std::size_t kMostWaiting = 10'000;

WhyQuestion why_question_from(const Request& request, const std::string& job) {
  WhyQuestion question;
  question.job = job;
  for (const auto& [key, value] : request.query) {
    if (key == "at") {
      const auto at = time::parse_time(value, time::Zone());
      if (!at) throw ApiError(400, "bad_request", "at: " + to_string(at.error()));
      question.at = *at;
    } else if (key == "skipped" && value.size() <= kLongestText) {
      question.skipped_time = value;
    } else {
      throw ApiError(400, "bad_request", "unknown argument \"" + key + "\"; there are at and skipped");
    }
  }
  return question;
}

/// What only the loop knows.
void add_what_is_alive(const ApiContext& context, WhyQuestion& question) {
  const auto catalog = context.parts.engine.catalog();
  question.now = context.parts.loop.wall_now();
  question.status = context.parts.engine.job(question.job);
  for (engine::WaitingRun& run : context.parts.engine.waiting(kMostWaiting)) {
    if (run.job == question.job) question.waiting.push_back(std::move(run));
  }
  if (!catalog) return;
  question.generation = catalog->generation;
  const auto found = catalog->jobs.find(question.job);
  if (found != catalog->jobs.end()) question.declared = found->second;
}

Reply answer(const WhyQuestion& question, ledger::LedgerReader& reader, const Reply& unknown) {
  const auto facts = gather(question, reader);
  if (!facts) return unknown;
  return {.body = to_text(view(explain(*facts)))};
}

}  // namespace

void add_why_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/jobs/{name}/why",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               auto ask = [&context, question = why_question_from(request, path[0])](const Exchange& asked) mutable {
                 add_what_is_alive(context, question);
                 Reply unknown = context.refused({.kind = engine::Refusal::Kind::not_found,
                                                  .message = "there is no job \"" + question.job +
                                                             "\", and none is on record; `belfry list` shows all"},
                                                 question.job);
                 context.read_history(asked, [question = std::move(question), unknown = std::move(unknown)](
                                                 auto& reader) { return answer(question, reader, unknown); });
               };
               context.bridge.post(exchange, std::move(ask));
             });
}

}  // namespace belfry::daemon
