// GET /v1/jobs/NAME/why: what became of a slot, and why.

#include <chrono>
#include <future>
#include <memory>
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

/// So long the API's thread waits for what has just happened to be on record, and then does without.
constexpr std::chrono::milliseconds kDurableWithin{500};

WhyQuestion question_from(const Request& request, const std::string& job) {
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

void wait_for_the_record(ledger::Ledger& ledger) {
  const auto durable = std::make_shared<std::promise<void>>();
  auto future = durable->get_future();
  ledger.when_durable([durable] { durable->set_value(); });
  future.wait_for(kDurableWithin);
}

Reply answer(ApiContext& context, WhyQuestion question, const Reply& unknown) {
  wait_for_the_record(context.parts.ledger);
  if (!context.reader) context.reader = context.parts.ledger.open_reader();
  const auto facts = gather(std::move(question), *context.reader);
  if (!facts) return unknown;
  return {.body = to_text(view(explain(*facts)))};
}

}  // namespace

void add_why_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/jobs/{name}/why",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               auto ask = [&context, question = question_from(request, path[0])](const Exchange& asked) mutable {
                 add_what_is_alive(context, question);
                 Reply unknown = context.refused({.kind = engine::Refusal::Kind::not_found,
                                                  .message = "there is no job \"" + question.job +
                                                             "\", and none is on record; `belfry list` shows all"},
                                                 question.job);
                 asked.finish([&context, question = std::move(question), unknown = std::move(unknown)]() mutable {
                   return answer(context, std::move(question), unknown);
                 });
               };
               context.bridge.post(exchange, std::move(ask));
             });
}

}  // namespace belfry::daemon
