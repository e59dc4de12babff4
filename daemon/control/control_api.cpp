#include "daemon/control/control_api.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/api_context.hpp"
#include "daemon/control/api_error.hpp"
#include "time/suggest.hpp"

namespace belfry::daemon {

namespace {

/// A question about history waits so long for what is still being written, and then does without.
constexpr std::chrono::milliseconds kDurableWithin{2'000};

Router routes(ApiContext& context) {
  Router router;
  add_status_routes(router, context);
  add_task_routes(router, context);
  add_job_routes(router, context);
  add_run_routes(router, context);
  add_approval_routes(router, context);
  add_why_routes(router, context);
  add_slow_routes(router, context);
  add_catchup_routes(router, context);
  add_one_shot_routes(router, context);
  add_notify_routes(router, context);
  add_ledger_routes(router, context);
  return router;
}

}  // namespace

class ControlApi::Impl {
 public:
  Impl(ControlParts parts, const HttpOptions& options)
      : context_(std::move(parts)), server_(options, routes(context_)) {}

  int descriptor() const noexcept { return server_.descriptor(); }

 private:
  ApiContext context_;
  HttpServer server_;  // last: its thread uses the context
};

ControlApi::ControlApi(ControlParts parts, const HttpOptions& options)
    : impl_(std::make_unique<Impl>(std::move(parts), options)) {}

ControlApi::~ControlApi() = default;

int ControlApi::descriptor() const noexcept { return impl_->descriptor(); }

void ApiContext::read_history(const Exchange& exchange, std::function<Reply(ledger::LedgerReader&)> read) {
  const auto answer = [this, read = std::move(read)]() -> Reply {
    if (!reader) reader = parts.ledger.open_reader();
    return read(*reader);
  };
  exchange.expire({.at = std::chrono::steady_clock::now() + kDurableWithin,
                   .finish = [answer]() -> std::optional<Reply> { return answer(); }});
  parts.ledger.when_durable([exchange, answer] { exchange.finish(answer); });
}

void ApiContext::reply_when_durable(const Exchange& exchange, Reply reply) const {
  parts.ledger.when_durable([exchange, reply = std::move(reply)]() mutable { exchange.reply(std::move(reply)); });
}

Reply ApiContext::refused(const engine::Refusal& refusal, std::string_view job) const {
  if (refusal.kind == engine::Refusal::Kind::policy) return error_reply(409, "refused", refusal.message);
  std::string message = refusal.message;
  const auto catalog = parts.engine.catalog();
  if (!job.empty() && catalog) {
    std::vector<std::string> names;
    for (const auto& [name, declared] : catalog->jobs) names.push_back(name);
    const std::string hint = time::did_you_mean(job, names);
    if (!hint.empty()) message += "; " + hint;
  }
  return error_reply(404, "not_found", message);
}

std::int64_t parse_number(std::string_view text, std::string_view what, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
    throw ApiError(
        400, "bad_request",
        std::string(what) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

}  // namespace belfry::daemon
