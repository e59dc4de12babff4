// GET /v1/jobs/NAME/slow: why its runs started late.

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "daemon/control/json_text.hpp"
#include "daemon/slow/slow.hpp"
#include "daemon/slow/slow_view.hpp"
#include "time/duration.hpp"

namespace belfry::daemon {

namespace {

constexpr std::int64_t kMostStarts = 100;

SlowQuestion slow_question_from(const Request& request, const std::string& job) {
  SlowQuestion question;
  question.job = job;
  for (const auto& [key, value] : request.query) {
    if (key == "run") {
      question.run = parse_number(value, "run", 1, std::numeric_limits<ledger::RunId>::max());
    } else if (key == "limit") {
      question.limit = static_cast<std::size_t>(parse_number(value, "limit", 1, kMostStarts));
    } else if (key == "over") {
      const auto over = time::parse_duration(value);
      if (!over) throw ApiError(400, "bad_request", "over: " + to_string(over.error()));
      question.over = *over;
    } else {
      throw ApiError(400, "bad_request", "unknown argument \"" + key + "\"; there are run, limit and over");
    }
  }
  return question;
}

/// Nothing of it is on record: it may be declared all the same.
Reply unknown_reply(const SlowQuestion& question, bool declared, Reply no_job) {
  if (question.run) {
    return error_reply(404, "not_found",
                       "no run " + std::to_string(*question.run) + " of \"" + question.job + "\" is on record");
  }
  if (!declared) return no_job;
  return {.body = to_text(view(Slow{.job = question.job, .starts = {}, .sentence = "It has not run yet."}))};
}

}  // namespace

void add_slow_routes(Router& router, ApiContext& context) {
  router.add("GET", "/v1/jobs/{name}/slow",
             [&context](const Request& request, const PathParts& path, const Exchange& exchange) {
               auto ask = [&context, question = slow_question_from(request, path[0])](const Exchange& asked) {
                 const std::optional<engine::JobStatus> job = context.parts.engine.job(question.job);
                 Reply no_job = context.refused({.kind = engine::Refusal::Kind::not_found,
                                                 .message = "there is no job \"" + question.job +
                                                            "\", and none is on record; `belfry list` shows all"},
                                                question.job);
                 const time::Zone zone = job ? time::Zone::load(job->timezone).value_or(time::Zone()) : time::Zone();
                 context.read_history(asked, [&context, question, zone, declared = job.has_value(),
                                              no_job = std::move(no_job)](ledger::LedgerReader& reader) {
                   const LoopPast loop{.steps = context.parts.slow_steps, .known_since = context.parts.started_at};
                   const auto slow = explain(question, reader, loop, zone);
                   return slow ? Reply{.body = to_text(view(*slow))} : unknown_reply(question, declared, no_job);
                 });
               };
               context.bridge.post(exchange, std::move(ask));
             });
}

}  // namespace belfry::daemon
